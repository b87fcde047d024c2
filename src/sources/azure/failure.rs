//! What the services say when they do not answer, in words that name the next thing to do.
//!
//! The innermost error says what is wrong; the outer ones say that something is.

use reqwest::Response;
use serde_json::Value;

use super::super::http::client::WebClient;
use super::super::mask::Masker;
use crate::model::limits;
use crate::model::request::RunError;

/// Whether an error code means that the query does not fit what is there, and not that the service could not be asked.
pub(super) fn is_of_the_query(code: &str) -> bool {
    code.starts_with("SYN") || code.starts_with("SEM") || code == "400"
}

/// Reads an answer that is none.
pub(super) async fn read(
    mut response: Response,
    text: &str,
    target: &str,
    client: &WebClient,
    masker: &Masker,
) -> RunError {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok().map(str::to_owned));
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(part)) if body.len() + part.len() <= limits::WEBHOOK_ANSWER_BYTES => {
                body.extend_from_slice(&part);
            }
            Ok(_) => break,
            Err(error) => return client.failure(error, masker),
        }
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    let inner = serde_json::from_str::<Value>(&body)
        .ok()
        .as_ref()
        .and_then(|body| body.get("error"))
        .map(Inner::of);
    let said = inner.as_ref().map_or_else(
        || {
            let first = body.lines().next().unwrap_or_default().trim();
            if first.is_empty() {
                format!("it answered {status}")
            } else {
                first.chars().take(300).collect()
            }
        },
        |inner| inner.message.clone(),
    );
    let next = match status {
        401 => "; sign in again",
        403 => "; ask for the role that may read it (a new one takes up to an hour to work)",
        404 => "; look at the ids and the address in the configuration",
        504 => "; ask for less time or fewer rows",
        _ => "",
    };
    let busy = match (status, retry_after) {
        (429, Some(seconds)) => {
            format!(": it is asked too often; it says to wait {seconds} s")
        }
        (429, None) => ": it is asked too often; wait a minute".to_owned(),
        _ => String::new(),
    };
    RunError::Failed {
        message: masker.mask(&format!("{target}: {said}{busy}{next}")),
        code: Some(
            inner
                .as_ref()
                .and_then(|inner| inner.code.clone())
                .filter(|code| code.starts_with("SYN") || code.starts_with("SEM"))
                .unwrap_or_else(|| status.to_string()),
        ),
        position: inner.and_then(|inner| inner.position(text)),
    }
}

/// The innermost of nested errors.
#[derive(Debug, Default)]
pub(super) struct Inner {
    /// Its code, such as `SYN0002`.
    pub code: Option<String>,
    /// What it says.
    pub message: String,
    /// Line in the query, from 1.
    pub line: Option<usize>,
    /// Column in the line, from 0.
    pub column: Option<usize>,
}

impl Inner {
    /// Follows `innererror` down. Data Explorer writes `@message` for people beside a terse `message`.
    pub(super) fn of(error: &Value) -> Self {
        let mut found = Self::default();
        let mut for_people = None;
        let mut next = Some(error);
        while let Some(error) = next {
            let text = |key: &str| {
                error
                    .get(key)
                    .and_then(Value::as_str)
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
            };
            let number = |key: &str| {
                error
                    .get(key)
                    .and_then(Value::as_u64)
                    .and_then(|number| usize::try_from(number).ok())
            };
            for_people = text("@message").or(for_people);
            found.message = text("message").unwrap_or(found.message);
            found.code = text("code").or(found.code);
            found.line = number("line").or(found.line);
            found.column = number("pos").or(found.column);
            next = error.get("innererror").filter(|inner| inner.is_object());
        }
        found.message = for_people.unwrap_or(found.message);
        if found.message.is_empty() {
            "the service gives no reason".clone_into(&mut found.message);
        }
        found
    }

    /// Where in the text, as a character offset from 0. The service counts lines from 1 and columns from 0, or writes `[line:position=L:P]`
    /// into the message.
    fn position(&self, text: &str) -> Option<usize> {
        let (line, column) = match (self.line, self.column) {
            (Some(line), Some(column)) => (line, column),
            _ => in_message(&self.message)?,
        };
        let mut offset = 0;
        for (number, content) in text.split_inclusive('\n').enumerate() {
            let length = content.chars().count();
            if number + 1 == line {
                return Some(offset + column.min(length.saturating_sub(1)));
            }
            offset += length;
        }
        None
    }
}

/// `[line:position=2:17]` in an error of the engine.
fn in_message(message: &str) -> Option<(usize, usize)> {
    let (_, rest) = message.split_once("[line:position=")?;
    let (place, _) = rest.split_once(']')?;
    let (line, column) = place.split_once(':')?;
    Some((line.trim().parse().ok()?, column.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_error_speaks() {
        let error = serde_json::json!({
            "code": "BadArgumentError", "message": "The request had some invalid properties",
            "innererror": { "code": "SyntaxError", "message": "A recognition error occurred in the query.",
                "innererror": { "code": "SYN0002", "message": "Query could not be parsed at 'wher' on line [2,3]", "line": 2, "pos": 2, "token": "wher" } }
        });
        let inner = Inner::of(&error);
        assert_eq!(inner.code.as_deref(), Some("SYN0002"));
        assert_eq!(
            inner.message,
            "Query could not be parsed at 'wher' on line [2,3]"
        );
        assert_eq!(inner.position("T\n| wher x"), Some(4));
        let error = serde_json::json!({
            "code": "General_BadRequest", "message": "Request is invalid and cannot be executed.",
            "@message": "Semantic error: SEM0100: 'where' operator: Failed to resolve column 'x' [line:position=1:10]",
            "innererror": { "code": "SEM0100", "@errorCode": "SEM0100" }
        });
        let inner = Inner::of(&error);
        assert_eq!(inner.code.as_deref(), Some("SEM0100"));
        assert_eq!(inner.position("T | where x == 1"), Some(10));
    }
}
