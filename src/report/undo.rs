//! How a write is undone, in words: what a playbook writes behind `undo=` is free text.

/// What stands behind `undo`: the playbook's words, or that it cannot be undone, or that nothing is declared.
pub fn value(declared: Option<&str>) -> String {
    match declared.map(str::trim) {
        None | Some("") => "none is declared".to_owned(),
        Some(words) if says_no(words) => "cannot be undone".to_owned(),
        Some(words) => words.to_owned(),
    }
}

/// The same as a sentence of its own, without its stop; none where nothing is declared.
pub fn sentence(declared: Option<&str>) -> Option<String> {
    let words = declared.map(str::trim).filter(|words| !words.is_empty())?;
    if says_no(words) {
        return Some("Cannot be undone".to_owned());
    }
    Some(match words.strip_prefix("nothing to undo") {
        Some(rest) => format!("Nothing to undo{rest}"),
        None => format!("Undo: {words}"),
    })
}

fn says_no(words: &str) -> bool {
    ["no", "none", "never", "impossible", "cannot be undone"]
        .iter()
        .any(|no| words.trim_end_matches('.').eq_ignore_ascii_case(no))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_undone_is_not_said_to_be() {
        for (declared, shown, said) in [
            (None, "none is declared", None),
            (Some("no"), "cannot be undone", Some("Cannot be undone")),
            (Some("None."), "cannot be undone", Some("Cannot be undone")),
            (
                Some("nothing to undo: it only preserves"),
                "nothing to undo: it only preserves",
                Some("Nothing to undo: it only preserves"),
            ),
            (
                Some("a session cannot be restored; users sign in again"),
                "a session cannot be restored; users sign in again",
                Some("Undo: a session cannot be restored; users sign in again"),
            ),
        ] {
            assert_eq!(value(declared), shown);
            assert_eq!(sentence(declared).as_deref(), said);
        }
    }
}
