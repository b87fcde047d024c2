//! `curl`: the service itself, and the targets of webhooks.

use super::super::options::{Call, Grammar, Order, flag, long, valued};
use super::super::runner::{Shell, Streams};
use super::Command;
use crate::drill::http;
use crate::pgsql::Value;

pub(super) const COMMANDS: &[Command] = &[Command {
    name: "curl",
    grammar: Grammar {
        known: &[
            flag('I', "head"),
            flag('s', "silent"),
            flag('S', "show-error"),
            flag('f', "fail"),
            flag('L', "location"),
            valued('m', "max-time"),
            valued('o', "output"),
            valued('w', "write-out"),
            valued('X', "request"),
            valued('d', "data"),
            valued('H', "header"),
            long("url", true),
        ],
        number: None,
        order: Order::Mixed,
    },
    check,
    run: curl,
}];

/// Where the service itself answers.
const SERVICE: &[&str] = &[
    "localhost",
    "127.0.0.1",
    "api.breezycorp.example",
    "api.commerce.example",
];

/// A longer time to wait is none that anybody means: a day.
const MOST_SECONDS: f64 = 86_400.0;

/// curl's own exit codes.
const UNSUPPORTED: i32 = 1;
const NO_URL: i32 = 2;
const MALFORMED: i32 = 3;
const NO_HOST: i32 = 6;
const REFUSED: i32 = 7;
const HTTP_ERROR: i32 = 22;
const TIMED_OUT: i32 = 28;

fn check(call: &Call) -> Result<(), String> {
    if call.operands.len() + call.values("url").count() > 1 {
        return Err("call with more than one URL".to_owned());
    }
    if let Some(file) = call.values("data").find(|data| data.starts_with('@')) {
        return Err(format!("data of a file: `--data {file}`"));
    }
    if let Some(file) = call
        .value("output")
        .filter(|file| !matches!(*file, "/dev/null" | "-"))
    {
        return Err(format!("output to the file `{file}`"));
    }
    if let Some(text) = call.value("max-time")
        && !text
            .parse()
            .is_ok_and(|time: f64| (0.0..=MOST_SECONDS).contains(&time))
    {
        return Err(format!("time `{text}`"));
    }
    written_out(call.value("write-out").unwrap_or_default(), 0, "").map(|_| ())
}

/// What `--write-out` says: `%{http_code}` and the like, `\n`, `\t`.
fn written_out(format: &str, status: u16, content_type: &str) -> Result<String, String> {
    let said = format
        .replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("%{http_code}", &format!("{status:03}"))
        .replace("%{response_code}", &format!("{status:03}"))
        .replace("%{content_type}", content_type);
    match said.find("%{") {
        None => Ok(said),
        Some(at) => Err(format!(
            "`{}` of `--write-out`",
            said.get(at..)
                .and_then(|rest| rest.split_inclusive('}').next())
                .unwrap_or_default()
        )),
    }
}

/// What came of a request.
struct Reply {
    status: u16,
    content_type: String,
    body: String,
}

fn curl(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let Some(url) = call
        .value("url")
        .or(call.operand(0))
        .filter(|url| !url.is_empty())
    else {
        streams.complain("curl: (2) no URL specified");
        return NO_URL;
    };
    let (reply, failure) = match fetch(call, url, shell) {
        Ok(reply) => (reply, None),
        Err(failure) => (
            Reply {
                status: 0,
                content_type: String::new(),
                body: String::new(),
            },
            Some(failure),
        ),
    };
    let failure = failure.or_else(|| {
        let fails = call.has("fail") && reply.status >= 400;
        fails.then(|| {
            (
                HTTP_ERROR,
                format!("The requested URL returned error: {}", reply.status),
            )
        })
    });
    if failure.is_none() && call.value("output") != Some("/dev/null") {
        if call.has("head") {
            streams.say(&format!(
                "HTTP/1.1 {}\r\ncontent-type: {}\r\n\r\n",
                reply.status, reply.content_type
            ));
        } else {
            streams.say(&reply.body);
        }
    }
    if let Some(format) = call.value("write-out") {
        streams.say(&written_out(format, reply.status, &reply.content_type).unwrap_or_default());
    }
    let Some((code, why)) = failure else { return 0 };
    if !call.has("silent") || call.has("show-error") {
        streams.complain(&format!("curl: ({code}) {why}"));
    }
    code
}

/// Asks a URL. The error is curl's exit code and its words.
fn fetch(call: &Call, url: &str, shell: &mut Shell) -> Result<Reply, (i32, String)> {
    let with_scheme = if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{url}")
    };
    let parsed = url::Url::parse(&with_scheme).map_err(|_| {
        (
            MALFORMED,
            "URL using bad/illegal format or missing URL".to_owned(),
        )
    })?;
    if !matches!(parsed.scheme(), "http" | "https") {
        let why = format!("Protocol \"{}\" not supported", parsed.scheme());
        return Err((UNSUPPORTED, why));
    }
    let host = parsed.host_str().unwrap_or_default();
    let method = match (call.value("request"), call.has("head"), call.has("data")) {
        (Some(method), ..) => method,
        (None, true, _) => "HEAD",
        (None, false, true) => "POST",
        (None, false, false) => "GET",
    };
    if SERVICE.contains(&host) {
        let query = parsed
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let path = format!("{}{query}", parsed.path());
        let body = call.values("data").collect::<Vec<_>>().join("&");
        let answer = http::ask(shell.world, method, &path, &body);
        return Ok(Reply {
            status: answer.status,
            content_type: answer.content_type.to_owned(),
            body: answer.body,
        });
    }
    if let Some((target, status)) = &shell.status.webhook_target
        && host_of(target).as_deref() == Some(host)
    {
        if *status == 0 {
            let seconds: f64 = call
                .value("max-time")
                .and_then(|text| text.parse().ok())
                .unwrap_or(130.0);
            let why = format!(
                "Connection timed out after {} milliseconds",
                (seconds * 1000.0) as u64 + 1
            );
            return Err((TIMED_OUT, why));
        }
        return Ok(Reply::of_a_stranger(*status));
    }
    if !is_webhook_target(host, shell) {
        return Err((NO_HOST, format!("Could not resolve host: {host}")));
    }
    if parsed
        .port()
        .is_some_and(|port| !matches!(port, 80 | 443 | 8080 | 8443))
    {
        let port = parsed.port().unwrap_or_default();
        let why = format!(
            "Failed to connect to {host} port {port} after 3 ms: Couldn't connect to server"
        );
        return Err((REFUSED, why));
    }
    Ok(Reply::of_a_stranger(200))
}

impl Reply {
    fn of_a_stranger(status: u16) -> Self {
        Self {
            status,
            content_type: "text/plain".to_owned(),
            body: String::new(),
        }
    }
}

fn host_of(address: &str) -> Option<String> {
    let parsed = url::Url::parse(address).ok()?;
    parsed.host_str().map(str::to_owned)
}

/// Whether some tenant's webhooks go to a host.
fn is_webhook_target(host: &str, shell: &Shell) -> bool {
    let Some(table) = shell.world.database().table("public", "webhook_endpoints") else {
        return false;
    };
    let Some(at) = table.column("url") else {
        return false;
    };
    table.rows.iter().any(|row| {
        matches!(row.get(at), Some(Value::Text(url)) if host_of(url).as_deref() == Some(host))
    })
}
