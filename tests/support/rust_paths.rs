//! Which paths a Rust source uses: `use` trees expanded, `self` and `super` resolved to `crate::…`. It knows tokens, not
//! types, which is enough for imports; `#[cfg(test)]` items are left out.

/// A path as the code spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedPath {
    /// 1-based.
    pub line: usize,
    /// `["crate", "model", "table", "Rows"]`; a path into this crate always begins with `crate`.
    pub segments: Vec<String>,
    /// Whether it stands in a `use`.
    pub imported: bool,
}

/// All paths of one file. `module` is where the file hangs in the crate: `["ui", "draw"]`.
pub fn used_paths(source: &str, module: &[String]) -> Vec<UsedPath> {
    let tokens = without_tests(&tokens(source));
    let mut scopes = Scopes {
        module: module.to_vec(),
        open: Vec::new(),
    };
    let mut paths = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "use" => at = use_tree(&tokens, at + 1, &[], &scopes, &mut paths),
            "mod" => {
                if tokens.get(at + 2).is_some_and(|next| next.text == "{") {
                    scopes
                        .open
                        .push(tokens.get(at + 1).map(|name| name.text.clone()));
                    at += 1;
                }
                at += 2;
            }
            "{" => {
                scopes.open.push(None);
                at += 1;
            }
            "}" => {
                scopes.open.pop();
                at += 1;
            }
            _ if token.is_word() => {
                let (segments, end) = plain_path(&tokens, at);
                // A field or a method is no path: `state.env`.
                if at == 0 || tokens.get(at - 1).is_none_or(|before| before.text != ".") {
                    paths.push(UsedPath {
                        line: token.line,
                        segments: scopes.resolve(segments),
                        imported: false,
                    });
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    paths
}

/// The file's module and the inline modules that are open, one entry an open brace.
struct Scopes {
    module: Vec<String>,
    open: Vec<Option<String>>,
}

impl Scopes {
    fn resolve(&self, segments: Vec<String>) -> Vec<String> {
        let mut here: Vec<String> = self
            .module
            .iter()
            .chain(self.open.iter().flatten())
            .cloned()
            .collect();
        let mut rest = segments.as_slice();
        match rest.first().map(String::as_str) {
            Some("quarterdeck") => {
                here.clear();
                rest = rest.get(1..).unwrap_or_default();
            }
            Some("self") => rest = rest.get(1..).unwrap_or_default(),
            Some("super") => {}
            _ => return segments,
        }
        while rest.first().is_some_and(|first| first == "super") {
            here.pop();
            rest = rest.get(1..).unwrap_or_default();
        }
        std::iter::once("crate".to_owned())
            .chain(here)
            .chain(rest.iter().cloned())
            .collect()
    }
}

/// `a::b::c` from `at`; generics (`Vec::<u8>::new`) end it.
fn plain_path(tokens: &[Token], mut at: usize) -> (Vec<String>, usize) {
    let mut segments = Vec::new();
    while let Some(token) = tokens.get(at).filter(|token| token.is_word()) {
        segments.push(token.text.clone());
        at += 1;
        if !(tokens.get(at).is_some_and(|next| next.text == "::")
            && tokens.get(at + 1).is_some_and(Token::is_word))
        {
            break;
        }
        at += 1;
    }
    (segments, at)
}

/// One branch of a `use` tree behind `prefix`; returns the place after it.
fn use_tree(
    tokens: &[Token],
    mut at: usize,
    prefix: &[String],
    scopes: &Scopes,
    paths: &mut Vec<UsedPath>,
) -> usize {
    let mut segments = prefix.to_vec();
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "::" | "*" => at += 1,
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    at = use_tree(tokens, at, &segments, scopes, paths);
                    at += usize::from(tokens.get(at).is_some_and(|token| token.text == ","));
                }
                return at + 1;
            }
            "as" => at += 2,
            // `a::{self}` is `a`.
            "self" if !segments.is_empty() => at += 1,
            _ if token.is_word() => {
                segments.push(token.text.clone());
                at += 1;
            }
            _ => break,
        }
    }
    let line = tokens
        .get(at.saturating_sub(1))
        .map_or(0, |token| token.line);
    paths.push(UsedPath {
        line,
        segments: scopes.resolve(segments),
        imported: true,
    });
    // Always forward, also over what no `use` contains.
    if tokens
        .get(at)
        .is_some_and(|token| matches!(token.text.as_str(), "," | "}" | ";"))
    {
        at
    } else {
        at + 1
    }
}

#[derive(Debug, Clone)]
struct Token {
    line: usize,
    text: String,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Words, `::` and single signs; comments, strings, characters, lifetimes and numbers are gone.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let start = at;
        match (peek(at), peek(at + 1)) {
            ('/', '/') => at = end_of(&chars, at, |c| c == '\n'),
            ('/', '*') => at = end_of_comment(&chars, at),
            ('"', _) => at = end_of_string(&chars, at + 1),
            ('r' | 'b' | 'c', _) if raw_hashes(&chars, at).is_some() => {
                let (hashes, open) = raw_hashes(&chars, at).unwrap_or_default();
                let close: Vec<char> = std::iter::once('"')
                    .chain(std::iter::repeat_n('#', hashes))
                    .collect();
                at = open + 1;
                while at < chars.len()
                    && !chars.get(at..).is_some_and(|rest| rest.starts_with(&close))
                {
                    at += 1;
                }
                at += close.len();
            }
            // A character, unless it is a lifetime: `'a'` and `'\n'`, but `'a`.
            ('\'', '\\') => at = end_of(&chars, at + 3, |c| c == '\'') + 1,
            ('\'', _) if peek(at + 2) == '\'' => at += 3,
            ('\'', _) => at = end_of(&chars, at + 1, |c| !is_word_part(c)),
            (':', ':') => {
                tokens.push(Token {
                    line,
                    text: "::".to_owned(),
                });
                at += 2;
            }
            (c, _) if is_word_part(c) => {
                at = end_of(&chars, at, |c| !is_word_part(c));
                let text: String = chars.get(start..at).unwrap_or_default().iter().collect();
                if !c.is_ascii_digit() {
                    tokens.push(Token { line, text });
                }
            }
            (c, _) => {
                if !c.is_whitespace() {
                    tokens.push(Token {
                        line,
                        text: c.to_string(),
                    });
                }
                at += 1;
            }
        }
        line += chars
            .get(start..at.min(chars.len()))
            .unwrap_or_default()
            .iter()
            .filter(|c| **c == '\n')
            .count();
    }
    tokens
}

fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn end_of(chars: &[char], from: usize, stop: impl Fn(char) -> bool) -> usize {
    (from..chars.len())
        .find(|at| chars.get(*at).is_none_or(|c| stop(*c)))
        .unwrap_or(chars.len())
}

fn end_of_string(chars: &[char], mut at: usize) -> usize {
    loop {
        match chars.get(at) {
            Some('\\') => at += 2,
            Some('"') | None => return at + 1,
            Some(_) => at += 1,
        }
    }
}

/// Comments nest in Rust.
fn end_of_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    loop {
        match (chars.get(at), chars.get(at + 1)) {
            (Some('/'), Some('*')) => (depth, at) = (depth + 1, at + 2),
            (Some('*'), Some('/')) => (depth, at) = (depth - 1, at + 2),
            (None, _) => return at,
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
}

/// For `r"`, `r#"`, `br##"` at `at`: how many hashes, and where the quote is.
fn raw_hashes(chars: &[char], at: usize) -> Option<(usize, usize)> {
    if at
        .checked_sub(1)
        .and_then(|before| chars.get(before))
        .is_some_and(|before| is_word_part(*before))
    {
        return None;
    }
    let letters = end_of(chars, at, |c| !matches!(c, 'r' | 'b' | 'c'));
    let quote = end_of(chars, letters, |c| c != '#');
    let raw = chars
        .get(at..letters)
        .is_some_and(|prefix| prefix.len() <= 2 && prefix.contains(&'r'));
    (raw && chars.get(quote) == Some(&'"')).then_some((quote - letters, quote))
}

/// Drops every item under `#[cfg(test)]`: up to its `;` or through its braces.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let is_mark = |rest: &[Token]| {
        rest.len() >= mark.len() && rest.iter().zip(mark).all(|(token, m)| token.text == m)
    };
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(rest) = tokens.get(at..).filter(|rest| !rest.is_empty()) {
        if !is_mark(rest) {
            kept.extend(rest.first().cloned());
            at += 1;
            continue;
        }
        let mut depth = 0;
        at += mark.len();
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token.text.as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 && matches!(token.text.as_str(), ";" | "}") {
                break;
            }
        }
    }
    kept
}
