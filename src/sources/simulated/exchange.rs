//! HTTP of a drill: asked of the simulated service, answered as it would arrive.

use super::{NO_SECRET, Run};
use crate::drill::http::{self, Exchange};
use crate::model::limits;
use crate::model::playbook::Effect;
use crate::model::request::{Outcome, RunError};
use crate::sources::planner::http::marks;

pub(super) fn run(run: &Run, method: &str, path: &str, body: &str) -> Result<Outcome, RunError> {
    let (path, body) = (filled(path), filled(body));
    let (exchange, now) = run.simulation.with(|director| {
        let exchange = http::ask(director.world_mut(), method, &path, &body);
        (exchange, director.world().now())
    });
    let Exchange {
        status,
        content_type,
        body,
    } = exchange;
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT");
    let line = format!("{status} {}", reason(status));
    let head = format!("HTTP/1.1 {line}\ndate: {date}\ncontent-type: {content_type}\n\n");
    let body = if method == "HEAD" {
        String::new()
    } else {
        body
    };
    let (body, truncated) = within_limit(body);
    let handed_over = run.say(true, head).and_then(|()| run.say(false, body));
    if run.request.effect == Effect::Write && !matches!(status, 0..=299 | 303) {
        return Err(RunError::Failed {
            message: format!("{} answered {line}", run.request.target),
            code: Some(status.to_string()),
            position: None,
        });
    }
    let outcome = Outcome {
        status: Some(status),
        truncated,
        ..Outcome::default()
    };
    run.outcome_of(handed_over, outcome)
}

/// The text without the marks of secrets: a drill fetches none.
pub(super) fn filled(text: &str) -> String {
    let pieces = text.split(marks::MARK).enumerate();
    pieces
        .map(|(index, piece)| if index % 2 == 0 { piece } else { NO_SECRET })
        .collect()
}

/// A body as far as it is kept.
fn within_limit(mut body: String) -> (String, Option<String>) {
    if body.len() <= limits::OUTPUT_BYTES {
        return (body, None);
    }
    let end = body.floor_char_boundary(limits::OUTPUT_BYTES);
    body.truncate(end);
    let cut = format!(
        "the body was cut at {} MiB",
        limits::OUTPUT_BYTES / 1024 / 1024
    );
    (body, Some(cut))
}

/// The reason phrase of RFC 9110; empty for a status the service does not use.
const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
