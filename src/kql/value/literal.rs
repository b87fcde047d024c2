//! Literals as the language writes them: what stands between the brackets of `datetime(…)`, and `1d`, `0x1F`, `1e3`.

use super::Value;
use crate::kql::types::Type;

/// The value of `ty(text)`, e.g. `datetime(2020-01-01)`, `long(null)`, `dynamic({"a": 1})`, `guid(…)`, `time(1.02:00:00)`.
///
/// # Errors
/// What was expected instead, in words.
pub fn typed(_ty: Type, _text: &str) -> Result<Value, String> {
    Err("expected a literal".to_owned())
}

/// The ticks of a bare timespan literal such as `1d`, `2.5h`, `30m`, `10s`, `100ms`, `5microsecond`, `1tick`.
pub fn timespan(_text: &str) -> Option<i64> {
    None
}
