//! `a.b`, `a["b"]`, `a[0]`, `a[-1]` over columns of dynamic values.
