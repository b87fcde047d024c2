//! Where a KQL query cuts its own answer: a final `take`, `limit` or `top`. That of SQL is in `sql`.

/// Rows at which the query's last operator cuts. Nothing for one that does not cut, or not last.
pub fn kql_limit(text: &str) -> Option<u64> {
    let code = without_texts(text);
    let code = code.trim_end().trim_end_matches(';');
    let last = code.rsplit('|').next()?;
    let mut words = last.split_whitespace();
    let operator = words.next()?;
    let cuts = ["take", "limit", "top"].contains(&operator);
    let piped = code.len() > last.len();
    (cuts && piped)
        .then(|| words.next()?.parse().ok())
        .flatten()
}

/// The text with comments and quoted texts blanked.
fn without_texts(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '/' if characters.peek() == Some(&'/') => {
                for skipped in characters.by_ref() {
                    if skipped == '\n' {
                        code.push('\n');
                        break;
                    }
                }
            }
            '"' | '\'' => {
                code.push(' ');
                let verbatim = code.trim_end().ends_with('@');
                while let Some(inside) = characters.next() {
                    match inside {
                        '\\' if !verbatim => drop(characters.next()),
                        _ if inside == character => break,
                        _ => {}
                    }
                }
            }
            other => code.push(other),
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::kql_limit;

    #[test]
    fn the_last_operator_counts() {
        for (text, expected) in [
            ("traces | where x > 1 | take 5", Some(5)),
            ("traces\n| top 10 by timestamp desc // | count\n", Some(10)),
            ("traces | limit 7;", Some(7)),
            ("traces | take 5 | summarize count()", None),
            ("traces | where message has '| take 3'", None),
            ("traces | where m == \"a\\\"| take 3\"", None),
            ("take 5", None),
            ("traces | take n", None),
            ("", None),
        ] {
            assert_eq!(kql_limit(text), expected, "{text}");
        }
    }
}
