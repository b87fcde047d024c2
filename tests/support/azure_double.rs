//! A double of Log Analytics, Application Insights, Data Explorer and of the services that sign in for them.
//!
//! It speaks the documented wire formats, checks what it is sent (path, headers, body, the token's audience), answers by running the query on the embedded
//! engine, and does what it is told: throttle, be slow, answer in part, answer with nothing, send garbage.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests: what is not as documented fails them"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quarterdeck::kql::{self, Answer, Limits, Memory, Options, Run, Type, Value};
use serde_json::{Value as Json, json};

use super::http_double::{Asked, HttpDouble, Reply};

/// Each test file uses a part of this; naming the rest here keeps the compiler from calling it dead.
const _: () = {
    let _ = (
        AzureDouble::queries,
        AzureDouble::moods,
        AzureDouble::device,
        AzureDouble::most_at_once,
        AzureDouble::tokens,
        (WORKSPACE, DATABASE, SECRET),
    );
    let _: fn() -> [Mood; 14] = || {
        [
            Mood::Answers,
            Mood::Throttles(None),
            Mood::TimesOut,
            Mood::Partial,
            Mood::TooLarge,
            Mood::Empty,
            Mood::NoData,
            Mood::Garbage,
            Mood::Broken,
            Mood::Cached(0),
            Mood::Silent,
            Mood::Slow(Duration::ZERO),
            Mood::Unauthorized,
            Mood::Forbidden,
        ]
    };
    let _: fn() -> [DeviceTurn; 3] = || {
        [
            DeviceTurn::Pending,
            DeviceTurn::SlowDown,
            DeviceTurn::Declined,
        ]
    };
};

/// What the double does with the next queries, one each; then it answers them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mood {
    /// Answers.
    Answers,
    /// 429 with this `Retry-After`.
    Throttles(Option<u64>),
    /// 504 with the documented body.
    TimesOut,
    /// 200 with the rows and a partial error.
    Partial,
    /// 200 with the rows and the error of a result that is too large.
    TooLarge,
    /// 200 without a body.
    Empty,
    /// 204.
    NoData,
    /// What is not JSON.
    Garbage,
    /// JSON that stops in the middle.
    Broken,
    /// An answer that was kept for so many seconds.
    Cached(u64),
    /// Never answers.
    Silent,
    /// Answers late, so that several ask at once.
    Slow(Duration),
    /// 401, whatever the token.
    Unauthorized,
    /// 403 with the documented body.
    Forbidden,
}

/// How a sign-in with a device code goes on, one a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceTurn {
    /// `authorization_pending`
    Pending,
    /// `slow_down`
    SlowDown,
    /// `authorization_declined`
    Declined,
}

/// What the double knows and remembers.
struct Inner {
    tables: Memory,
    now: fn() -> i64,
    moods: Mutex<Vec<Mood>>,
    device: Mutex<Vec<DeviceTurn>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    tokens: AtomicUsize,
}

/// A running double.
pub struct AzureDouble {
    server: HttpDouble,
    inner: Arc<Inner>,
}

/// The id of the workspace, of the app, and the name of the database.
pub const WORKSPACE: &str = "b2f9f3a4-1111-4000-8000-000000000001";
/// The application.
pub const APP: &str = "b2f9f3a4-2222-4000-8000-000000000002";
/// The database.
pub const DATABASE: &str = "telemetry";
/// The tenant that may sign in.
pub const TENANT: &str = "contoso.example";
/// Its secret.
pub const SECRET: &str = "tok-3f9a77c1/+x";
/// The app registration.
pub const CLIENT: &str = "b2f9f3a4-3333-4000-8000-000000000003";

impl AzureDouble {
    /// Starts the double over `tables`; `now` is its clock, in ticks.
    pub fn start(tables: Memory, now: fn() -> i64) -> Self {
        let inner = Arc::new(Inner {
            tables,
            now,
            moods: Mutex::default(),
            device: Mutex::default(),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            tokens: AtomicUsize::new(0),
        });
        let server = HttpDouble::answering({
            let inner = Arc::clone(&inner);
            move |asked| inner.answer(asked)
        });
        Self { server, inner }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Everything asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.server.asked()
    }

    /// The queries among them.
    pub fn queries(&self) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| asked.line.contains("/query "));
        asked
    }

    /// What it does with the next queries.
    pub fn moods(&self, moods: &[Mood]) {
        *lock(&self.inner.moods) = moods.to_vec();
    }

    /// How the next sign-in with a device code goes on before it is granted.
    pub fn device(&self, turns: &[DeviceTurn]) {
        *lock(&self.inner.device) = turns.to_vec();
    }

    /// The most queries it ever had at once.
    pub fn most_at_once(&self) -> usize {
        self.inner.most_at_once.load(Ordering::SeqCst)
    }

    /// Tokens it gave out.
    pub fn tokens(&self) -> usize {
        self.inner.tokens.load(Ordering::SeqCst)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(status: &'static str, code: &str, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({"error": {"code": code, "message": message}}).to_string(),
    )
}

impl Inner {
    fn answer(&self, asked: &Asked) -> Reply {
        let mut words = asked.line.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let path = target.split('?').next().unwrap();
        match (method, path) {
            ("POST", path) if path.ends_with("/oauth2/v2.0/devicecode") => Self::device_code(asked),
            ("POST", path) if path.ends_with("/oauth2/v2.0/token") => self.token(path, asked),
            ("GET", "/metadata/identity/oauth2/token") => self.identity(target, asked),
            ("POST", path) => {
                let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
                self.most_at_once.fetch_max(now, Ordering::SeqCst);
                let reply = self.query(path, asked);
                self.at_once.fetch_sub(1, Ordering::SeqCst);
                reply
            }
            _ => refused(
                "404 Not Found",
                "PathNotFoundError",
                "The requested path does not exist",
            ),
        }
    }

    fn device_code(asked: &Asked) -> Reply {
        let form = form(&asked.body);
        assert_eq!(form["client_id"], CLIENT);
        assert!(
            form["scope"].ends_with("/.default offline_access"),
            "{form:?}"
        );
        let body = json!({
            "device_code": format!("device|{}", form["scope"]), "user_code": "ABCD-EFGH",
            "verification_uri": "https://microsoft.com/devicelogin", "expires_in": 900, "interval": 0,
            "message": "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code ABCD-EFGH to authenticate."
        });
        Reply::json("200 OK", &body.to_string())
    }

    fn token(&self, path: &str, asked: &Asked) -> Reply {
        assert_eq!(
            asked.header("content-type"),
            Some("application/x-www-form-urlencoded")
        );
        assert!(path.starts_with(&format!("/{TENANT}/")), "{path}");
        let form = form(&asked.body);
        assert_eq!(form["client_id"], CLIENT);
        let scope = match form["grant_type"].as_str() {
            "client_credentials" => {
                if form["client_secret"] != SECRET {
                    return Self::denied(
                        "invalid_client",
                        "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x",
                    );
                }
                form["scope"].clone()
            }
            "refresh_token" => {
                assert!(form["refresh_token"].starts_with("refresh|"));
                form["scope"].clone()
            }
            "urn:ietf:params:oauth:grant-type:device_code" => {
                let mut turns = lock(&self.device);
                let next = (!turns.is_empty()).then(|| turns.remove(0));
                match next {
                    Some(DeviceTurn::Pending) => {
                        return Self::denied("authorization_pending", "AADSTS70016: pending");
                    }
                    Some(DeviceTurn::SlowDown) => return Self::denied("slow_down", ""),
                    Some(DeviceTurn::Declined) => {
                        return Self::denied("authorization_declined", "AADSTS70019: declined");
                    }
                    None => form["device_code"]
                        .strip_prefix("device|")
                        .unwrap()
                        .to_owned(),
                }
            }
            other => return Self::denied("unsupported_grant_type", other),
        };
        let audience = scope
            .split(' ')
            .next()
            .unwrap()
            .strip_suffix("/.default")
            .unwrap();
        let offline = scope.contains("offline_access");
        let mut body = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": self.grant(audience)});
        if offline {
            body["refresh_token"] = json!("refresh|0123456789abcdef");
        }
        Reply::json("200 OK", &body.to_string())
    }

    fn identity(&self, target: &str, asked: &Asked) -> Reply {
        assert_eq!(asked.header("metadata"), Some("true"));
        let query = form(target.split_once('?').unwrap().1);
        assert_eq!(query["api-version"], "2018-02-01");
        // This service writes numbers as texts.
        let body = json!({"access_token": self.grant(&query["resource"]), "expires_in": "86399", "token_type": "Bearer", "resource": query["resource"]});
        Reply::json("200 OK", &body.to_string())
    }

    fn grant(&self, audience: &str) -> String {
        let number = self.tokens.fetch_add(1, Ordering::SeqCst);
        format!("token|{number:08}|{audience}")
    }

    fn denied(error: &str, description: &str) -> Reply {
        Reply::json(
            "400 Bad Request",
            &json!({"error": error, "error_description": description}).to_string(),
        )
    }

    fn query(&self, path: &str, asked: &Asked) -> Reply {
        let kusto = matches!(path, "/v1/rest/query" | "/v2/rest/query");
        let audience = if path == format!("/v1/workspaces/{WORKSPACE}/query") {
            "https://api.loganalytics.io"
        } else if path == format!("/v1/apps/{APP}/query") {
            "https://api.applicationinsights.io"
        } else if kusto {
            "https://kusto.example"
        } else {
            return refused(
                "404 Not Found",
                "PathNotFoundError",
                "The requested path does not exist",
            );
        };
        let bearer = asked
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        let key = asked.header("x-api-key");
        match (bearer, key) {
            (None, Some("DEMO_KEY_0123456789")) if path.contains("/apps/") => {}
            (Some(token), None) if token.starts_with("token|") => {
                if token.rsplit('|').next() != Some(audience) {
                    return refused(
                        "403 Forbidden",
                        "InvalidAuthenticationTokenAudience",
                        "The token's audience is not this service",
                    );
                }
            }
            _ => {
                return refused(
                    "401 Unauthorized",
                    "AuthenticationFailed",
                    "A valid authentication token was not provided",
                );
            }
        }
        if !asked
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/json"))
        {
            return reply("200 OK", &[], "");
        }
        let mood = {
            let mut moods = lock(&self.moods);
            if moods.is_empty() {
                Mood::Answers
            } else {
                moods.remove(0)
            }
        };
        match &mood {
            Mood::Throttles(after) => {
                let body =
                    json!({"error": {"code": "ThrottledError", "message": "Request is throttled"}});
                let headers: Vec<String> = after
                    .iter()
                    .map(|seconds| format!("Retry-After: {seconds}"))
                    .collect();
                return reply("429 Too Many Requests", &headers, &body.to_string());
            }
            Mood::TimesOut => {
                return refused("504 Gateway Timeout", "GatewayTimeout", "Gateway timeout");
            }
            Mood::Empty => return reply("200 OK", &[], ""),
            Mood::NoData => return reply("204 No Content", &[], ""),
            Mood::Garbage => return reply("200 OK", &[], "<html>sign in</html>"),
            Mood::Silent => return Reply::Silence,
            Mood::Slow(time) => std::thread::sleep(*time),
            Mood::Unauthorized => {
                return refused(
                    "401 Unauthorized",
                    "AuthenticationFailed",
                    "The token has expired",
                );
            }
            Mood::Forbidden => {
                return refused(
                    "403 Forbidden",
                    "InsufficientAccessError",
                    "The provided credentials have insufficient access to perform the requested operation",
                );
            }
            _ => {}
        }
        let body: Json = serde_json::from_str(&asked.body).unwrap();
        let body = if kusto {
            self.kusto(path, asked, &body, &mood)
        } else {
            self.monitor(path, asked, &body, &mood)
        };
        match (body, &mood) {
            (Err(refusal), _) => refusal,
            (Ok(text), Mood::Broken) => reply("200 OK", &[], &text[..text.len() * 2 / 3]),
            (Ok(text), Mood::Cached(seconds)) => {
                reply("200 OK", &[format!("Age: {seconds}")], &text)
            }
            (Ok(text), _) => reply("200 OK", &[], &text),
        }
    }

    /// Azure Monitor. Application Insights writes numbers as texts, and both write dynamic values as texts.
    fn monitor(
        &self,
        path: &str,
        asked: &Asked,
        body: &Json,
        mood: &Mood,
    ) -> Result<String, Reply> {
        assert!(asked.header("prefer").unwrap().contains("wait="));
        let text = body["query"].as_str().unwrap();
        let answers = self.run(text, &[]).map_err(|error| {
            let (line, column) = error.span.line_column(text);
            let body = json!({"error": {
                "message": "The request had some invalid properties", "code": "BadArgumentError",
                "innererror": {"code": "SemanticError", "message": "A semantic error occurred.",
                    "innererror": {"code": "SEM0100", "message": error.message, "line": line, "pos": column - 1}}}});
            Reply::json("400 Bad Request", &body.to_string())
        })?;
        let numbers_as_texts = path.contains("/apps/");
        let tables: Vec<Json> = answers
            .iter()
            .map(|answer| {
                json!({"name": "PrimaryResult",
                    "columns": answer.schema.fields.iter().map(|field| json!({"name": &*field.name, "type": field.ty.name()})).collect::<Vec<_>>(),
                    "rows": rows(answer, numbers_as_texts)})
            })
            .collect();
        let mut document = json!({"tables": tables});
        match mood {
            Mood::Partial => {
                document["error"] = json!({"code": "PartialError", "message": "There were some errors when processing your query.",
                    "details": [{"code": "EngineError", "message": "Something went wrong processing your query on the server.",
                        "innererror": {"code": "-2133196797", "message": "One of the shards did not answer."}}]});
            }
            Mood::TooLarge => {
                document["error"] = json!({"code": "PartialError", "message": "There were some errors when processing your query.",
                    "details": [{"code": "EngineError", "message": "Something went wrong processing your query on the server.",
                        "innererror": {"code": "-2133196797", "message": "The results of this query exceed the set limit of 64000000 bytes (E_QUERY_RESULT_SET_TOO_LARGE)."}}]});
            }
            _ => {}
        }
        Ok(document.to_string())
    }

    fn kusto(&self, path: &str, asked: &Asked, body: &Json, mood: &Mood) -> Result<String, Reply> {
        assert_eq!(asked.header("accept"), Some("application/json"));
        assert!(
            asked
                .header("x-ms-app")
                .unwrap()
                .starts_with("quarterdeck/")
        );
        assert!(
            asked
                .header("x-ms-client-request-id")
                .unwrap()
                .starts_with("quarterdeck;")
        );
        assert_eq!(body["db"], DATABASE);
        let options = &body["properties"]["Options"];
        assert_eq!(options["request_readonly_hardline"], true);
        let text = body["csl"].as_str().unwrap();
        let parameters: Vec<(String, Value)> = body["properties"]["Parameters"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), parameter(value.as_str().unwrap())))
            .collect();
        let answers = self.run(text, &parameters).map_err(|error| {
            let (line, column) = error.span.line_column(text);
            let body = json!({"error": {"code": "General_BadRequest", "message": "Request is invalid and cannot be executed.",
                "@type": "Kusto.Data.Exceptions.SemanticException", "@permanent": true,
                "@message": format!("Semantic error: {} [line:position={line}:{}]", error.message, column - 1),
                "innererror": {"code": "SEM0100", "@errorCode": "SEM0100", "message": "Semantic error."}}});
            Reply::json("400 Bad Request", &body.to_string())
        })?;
        let failed = matches!(mood, Mood::Partial | Mood::TooLarge);
        let error = json!({"error": {"code": if *mood == Mood::TooLarge { "E_QUERY_RESULT_SET_TOO_LARGE" } else { "LimitsExceeded" },
            "message": "Request is invalid.", "@message": "One of the extents did not answer."}});
        let columns = |answer: &Answer| -> Vec<Json> {
            answer
                .schema
                .fields
                .iter()
                .map(|field| json!({"ColumnName": &*field.name, "ColumnType": field.ty.name()}))
                .collect()
        };
        if path == "/v1/rest/query" {
            let mut tables: Vec<Json> = answers
                .iter()
                .enumerate()
                .map(|(at, answer)| json!({"TableName": format!("Table_{at}"), "Columns": columns(answer), "Rows": rows(answer, false)}))
                .collect();
            let severity = if failed { 2 } else { 4 };
            tables.push(json!({"TableName": "Table_1", "Columns": [{"ColumnName": "Value", "DataType": "String", "ColumnType": "string"}], "Rows": [["{\"Visualization\":null}"]]}));
            tables.push(json!({"TableName": "Table_2", "Columns": [{"ColumnName": "Severity", "ColumnType": "int"}, {"ColumnName": "StatusDescription", "ColumnType": "string"}],
                "Rows": [[severity, if failed { "One of the extents did not answer." } else { "Query completed successfully" }]]}));
            let mut contents: Vec<Json> = (0..answers.len())
                .map(|at| json!([at, "QueryResult"]))
                .collect();
            contents.extend([json!([8, "QueryProperties"]), json!([9, "QueryStatus"])]);
            tables.push(json!({"TableName": "Table_3", "Columns": [{"ColumnName": "Ordinal", "ColumnType": "long"}, {"ColumnName": "Kind", "ColumnType": "string"}], "Rows": contents}));
            return Ok(json!({"Tables": tables}).to_string());
        }
        let mut frames = vec![
            json!({"FrameType": "DataSetHeader", "IsProgressive": false, "Version": "v2.0"})
                .to_string(),
            frame(
                0,
                "QueryProperties",
                &[json!({"ColumnName": "Key", "ColumnType": "string"})],
                &[json!(["Visualization"])],
            ),
        ];
        frames.extend(answers.iter().enumerate().map(|(at, answer)| {
            frame(
                at + 1,
                "PrimaryResult",
                &columns(answer),
                &rows(answer, false),
            )
        }));
        let mut completion =
            json!({"FrameType": "DataSetCompletion", "HasErrors": failed, "Cancelled": false});
        if failed {
            completion["OneApiErrors"] = json!([error]);
        }
        frames.push(completion.to_string());
        Ok(format!("[{}\n]", frames.join("\n,")))
    }

    fn run(
        &self,
        text: &str,
        parameters: &[(String, Value)],
    ) -> Result<Vec<Answer>, kql::KqlError> {
        let options = Options {
            now: (self.now)(),
            parameters: parameters.to_vec(),
        };
        kql::run(
            text,
            &self.tables,
            &options,
            &Run::new(Limits::default(), &|| false),
        )
    }
}

/// A frame with its parts in the order the service writes them.
fn frame(id: usize, kind: &str, columns: &[Json], rows: &[Json]) -> String {
    format!(
        "{{\"FrameType\":\"DataTable\",\"TableId\":{id},\"TableKind\":\"{kind}\",\"TableName\":\"{kind}\",\"Columns\":{},\"Rows\":{}}}",
        Json::from(columns.to_vec()),
        Json::from(rows.to_vec())
    )
}

/// A query parameter: a literal of the language, or a text.
fn parameter(text: &str) -> Value {
    let literal = |(word, ty): (&str, Type)| {
        let inner = text
            .strip_prefix(word)?
            .strip_prefix('(')?
            .strip_suffix(')')?;
        kql::value::literal::typed(ty, inner).ok()
    };
    [("datetime", Type::DateTime), ("time", Type::Timespan)]
        .into_iter()
        .find_map(literal)
        .unwrap_or_else(|| Value::String(text.into()))
}

fn reply(status: &'static str, headers: &[String], body: &str) -> Reply {
    let mut lines = vec!["Content-Type: application/json; charset=utf-8".to_owned()];
    lines.extend_from_slice(headers);
    Reply::Answer {
        status,
        headers: lines,
        body: body.as_bytes().to_vec(),
    }
}

fn rows(answer: &Answer, numbers_as_texts: bool) -> Vec<Json> {
    answer
        .values()
        .map(|row| {
            Json::Array(
                row.iter()
                    .zip(&answer.schema.fields)
                    .map(|(value, field)| cell(value, field.ty, numbers_as_texts))
                    .collect(),
            )
        })
        .collect()
}

/// A cell as the services write it.
fn cell(value: &Value, ty: Type, numbers_as_texts: bool) -> Json {
    let text = || kql::value::text::to_text(value);
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(_) | Value::Long(_) | Value::Real(_) if numbers_as_texts => json!(text()),
        Value::Int(number) => json!(number),
        Value::Long(number) => json!(number),
        Value::Real(number) if number.is_finite() => json!(number),
        _ if ty == Type::Dynamic => json!(text()),
        _ => json!(text()),
    }
}

fn form(body: &str) -> std::collections::BTreeMap<String, String> {
    url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect()
}
