//! The `.http` form: `METHOD path`, headers, a blank line, the body; `{{ name }}` is encoded for the place where it stands.
//!
//! A value can never add a path segment, a query parameter, a header or a JSON member. Nothing is sent here. Of a secret the
//! form has a mark in its place, which is filled when the request runs.

use std::fmt::Write as _;

use super::marks::{Encoding, MARK};
use crate::model::request::{Parameter, PlanContext, PlanError};
use crate::sources::registry;

/// A request with its values in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) parameters: Vec<Parameter>,
}

impl Form {
    /// The form again, with its values in place; of a secret where it is kept.
    pub(super) fn text(&self) -> String {
        let mut text = self.marked_text();
        for parameter in &self.parameters {
            if parameter.secret_reference().is_some() {
                for encoding in Encoding::ALL {
                    text = text.replace(&encoding.mark(&parameter.name), &parameter.value);
                }
            }
        }
        text
    }

    fn marked_text(&self) -> String {
        let mut text = format!("{} {}\n", self.method, self.path);
        for (name, value) in &self.headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        if !self.body.is_empty() {
            let _ = write!(text, "\n{}", self.body);
        }
        text
    }
}

/// Headers that decide where a message goes, where it ends or who sends it: not a playbook's business.
const REFUSED_HEADERS: [&str; 13] = [
    "host",
    "authorization",
    "cookie",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Reads the form and puts the values in.
pub(super) fn render(text: &str, context: &PlanContext) -> Result<Form, PlanError> {
    let text = text.replace("\r\n", "\n");
    if text.contains(MARK) {
        return Err(refused("the request holds a NUL byte"));
    }
    let mut lines = text.lines();
    let request_line = lines
        .by_ref()
        .find(|line| {
            let line = line.trim();
            !(line.is_empty() || line.starts_with('#') || line.starts_with("//"))
        })
        .ok_or_else(|| refused("the request is empty: expected `METHOD /path`"))?;
    let mut values = Values {
        context,
        parameters: Vec::new(),
    };
    let (method, target) = split_request_line(request_line)?;
    let path = values.target(target)?;
    let mut headers = Vec::new();
    for line in lines.by_ref().take_while(|line| !line.trim().is_empty()) {
        headers.push(values.header(line)?);
    }
    let body = lines.collect::<Vec<_>>().join("\n");
    let body = values.body(body.trim_end(), &headers)?;
    Ok(Form {
        method,
        path,
        headers,
        body,
        parameters: values.parameters,
    })
}

fn refused(message: impl Into<String>) -> PlanError {
    PlanError::Refused(message.into())
}

fn split_request_line(line: &str) -> Result<(String, &str), PlanError> {
    let (method, rest) = line
        .trim()
        .split_once(char::is_whitespace)
        .ok_or_else(|| refused("expected `METHOD /path` in the first line"))?;
    if !(1..=20).contains(&method.len()) || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(refused(format!(
            "expected a method such as GET in the first line, found `{method}`"
        )));
    }
    let rest = rest.trim();
    let target = rest
        .rsplit_once(char::is_whitespace)
        .filter(|(_, version)| version.starts_with("HTTP/"))
        .map_or(rest, |(target, _)| target.trim_end());
    Ok((method.to_owned(), target))
}

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

fn parts(template: &str) -> Result<Vec<Part<'_>>, PlanError> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after
            .split_once("}}")
            .ok_or_else(|| refused("a `{{` is not closed by `}}`"))?;
        let name = name.trim();
        let well_formed = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if !well_formed {
            return Err(refused(format!(
                "expected the name of an input in `{{{{ … }}}}`, found `{name}`"
            )));
        }
        parts.push(Part::Text(before));
        parts.push(Part::Name(name));
        rest = after;
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

/// Puts values in and remembers which.
struct Values<'a> {
    context: &'a PlanContext,
    parameters: Vec<Parameter>,
}

impl Values<'_> {
    /// The value for a place, encoded for it; of a secret the mark of its place.
    fn take(&mut self, name: &str, place: &str, encoding: Encoding) -> Result<String, PlanError> {
        let input = registry::bound_input(name, self.context)?;
        let is_secret = input.kind == "secret";
        // The other encodings leave no such character as it is.
        if encoding == Encoding::Plain && input.text.contains(MARK) {
            return Err(refused(format!(
                "the value of {name} holds a NUL byte, which is a control character that no {place} can hold"
            )));
        }
        let parameter = if is_secret {
            Parameter::secret(name, place, &input.text, input.example)?
        } else {
            Parameter {
                name: name.to_owned(),
                kind: place.to_owned(),
                value: input.text.clone(),
                example: input.example,
            }
        };
        if !self.parameters.contains(&parameter) {
            self.parameters.push(parameter);
        }
        Ok(if is_secret {
            encoding.mark(name)
        } else {
            encoding.write(&input.text)
        })
    }

    fn target(&mut self, template: &str) -> Result<String, PlanError> {
        if !template.starts_with('/') || template.starts_with("//") {
            return Err(refused(format!(
                "expected a path that begins with one `/`, found `{template}`: the host comes from the configuration"
            )));
        }
        let mut target = String::new();
        let mut place = "path segment";
        for part in parts(template)? {
            match part {
                Part::Text(text) => {
                    let stray = text.chars().find(|character| {
                        character.is_whitespace()
                            || character.is_control()
                            || matches!(character, '\\' | '#')
                    });
                    if let Some(stray) = stray {
                        return Err(refused(format!(
                            "the path holds {stray:?}: write it percent-encoded, or as an input"
                        )));
                    }
                    if text.contains('?') {
                        place = "query";
                    }
                    target.push_str(text);
                }
                Part::Name(name) => {
                    target.push_str(&self.take(name, place, Encoding::Percent)?);
                }
            }
        }
        let path = target.split('?').next().unwrap_or_default();
        let climbs = path.split('/').any(|segment| {
            matches!(
                segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
                "." | ".."
            )
        });
        if climbs {
            return Err(refused(
                "the path holds a `.` or `..` segment, which would leave the configured address",
            ));
        }
        Ok(target)
    }

    fn header(&mut self, line: &str) -> Result<(String, String), PlanError> {
        let (name, template) = line.split_once(':').ok_or_else(|| {
            refused(format!(
                "expected `Name: value` or a blank line before the body, found `{line}`"
            ))
        })?;
        let name = name.trim();
        let well_formed = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if !well_formed {
            return Err(refused(format!("`{name}` is not the name of a header")));
        }
        if REFUSED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(refused(format!(
                "a playbook cannot set the header {name}: authorization comes from the source's settings, the rest from the client"
            )));
        }
        let mut value = String::new();
        for part in parts(template.trim())? {
            match part {
                Part::Text(text) => value.push_str(text),
                Part::Name(input) => {
                    value.push_str(&self.take(input, "header", Encoding::Plain)?);
                }
            }
        }
        // A mark is the program's own: neither the text nor a value of it can hold one.
        let stray = |character: char| character.is_control() && !['\t', MARK].contains(&character);
        if value.chars().any(stray) {
            return Err(refused(format!(
                "the value of the header {name} holds a line break or a control character"
            )));
        }
        Ok((name.to_owned(), value))
    }

    fn body(&mut self, template: &str, headers: &[(String, String)]) -> Result<String, PlanError> {
        let content_type = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map(|(_, value)| value.to_ascii_lowercase());
        let is_json = match &content_type {
            Some(kind) => kind.contains("json"),
            None => template.starts_with(['{', '[', '"']),
        };
        let is_form =
            content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let mut body = String::new();
        let mut string = JsonString::default();
        for part in parts(template)? {
            match part {
                Part::Text(text) => {
                    string.read(text);
                    body.push_str(text);
                }
                Part::Name(name) if is_form => {
                    body.push_str(&self.take(name, "form field", Encoding::Percent)?);
                }
                Part::Name(name) if is_json && string.escaped => {
                    return Err(refused(format!(
                        "a backslash stands before `{{{{ {name} }}}}` in the JSON body: it would change the value's first character"
                    )));
                }
                Part::Name(name) if is_json && string.inside => {
                    body.push_str(&self.take(name, "JSON string", Encoding::Json)?);
                }
                Part::Name(name) if is_json => {
                    let kind = registry::bound_input(name, self.context)?.kind;
                    if kind != "integer" {
                        return Err(refused(format!(
                            "{name} is of type {kind}: put quotes around `{{{{ {name} }}}}` in the JSON body"
                        )));
                    }
                    body.push_str(&self.take(name, "JSON number", Encoding::Plain)?);
                }
                Part::Name(name) => {
                    return Err(refused(format!(
                        "`{{{{ {name} }}}}` cannot be encoded in this body: give a Content-Type of application/json or application/x-www-form-urlencoded"
                    )));
                }
            }
        }
        Ok(body)
    }
}

/// Whether a place of a JSON text is inside a string.
#[derive(Debug, Default)]
struct JsonString {
    inside: bool,
    escaped: bool,
}

impl JsonString {
    fn read(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                _ if self.escaped => self.escaped = false,
                '\\' if self.inside => self.escaped = true,
                '"' => self.inside = !self.inside,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::marks::fill;
    use super::*;
    use crate::config::environment::Environment;
    use crate::model::playbook::Effect;
    use crate::model::request::{Payload, Request};
    use crate::sources::planner::sample::context;
    use crate::sources::secrets::Secrets;

    fn rendered(text: &str, value: &str) -> Result<String, String> {
        render(
            text,
            &context(&[("x", "text", value), ("n", "integer", "-7")]),
        )
        .map(|form| form.text())
        .map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_encoded_for_their_place() {
        for (text, value, expected) in [
            (
                "GET /u/{{ x }}/s",
                "a/../b?c#d",
                "GET /u/a%2F..%2Fb%3Fc%23d/s\n",
            ),
            (
                "GET /u?q={{x}}&r=1 HTTP/1.1",
                "a&r=2 +%",
                "GET /u?q=a%26r%3D2%20%2B%25&r=1\n",
            ),
            (
                "# note\n\nGET /\nX-Actor: <{{ x }}>",
                "é \"q\"",
                "GET /\nX-Actor: <é \"q\">\n",
            ),
            (
                "POST /s\r\n\r\n{\"a\": \"\\\"{{ x }}\", \"n\": {{ n }}}",
                "\",\"admin\":true,\"b\":\"\n",
                "POST /s\n\n{\"a\": \"\\\"\\\",\\\"admin\\\":true,\\\"b\\\":\\\"\\n\", \"n\": -7}",
            ),
            (
                "POST /s\nContent-Type: application/x-www-form-urlencoded\n\na={{ x }}&b=1",
                "1&b=2",
                "POST /s\nContent-Type: application/x-www-form-urlencoded\n\na=1%26b%3D2&b=1",
            ),
        ] {
            assert_eq!(rendered(text, value).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_could_leave_the_place_is_refused() {
        for (text, value, words) in [
            ("GET https://evil.example/", "v", "begins with one `/`"),
            ("GET //evil.example/", "v", "begins with one `/`"),
            ("GET {{ x }}", "/a", "begins with one `/`"),
            ("GET /\\evil.example", "v", "holds '\\\\'"),
            ("GET /a b", "v", "holds ' '"),
            ("GET /u/{{ x }}/delete", "..", "`..` segment"),
            ("GET /u/.{{ x }}", ".", "`..` segment"),
            ("GET /u/%2E%2e/b", "v", "`..` segment"),
            ("GET /\nX-A: {{ x }}", "v\r\nX-B: 1", "line break"),
            ("GET /\nX-A: {{ x }}", "v\0", "control character"),
            (
                "GET /\nHost: evil.example",
                "v",
                "cannot set the header Host",
            ),
            (
                "GET /\nauthorization: x",
                "v",
                "cannot set the header authorization",
            ),
            ("GET /\nbody", "v", "expected `Name: value`"),
            ("POST /\n\n{\"a\": {{ x }}}", "1", "put quotes around"),
            (
                "POST /\n\n{\"a\": \"\\{{ x }}\"}",
                "\"",
                "a backslash stands before",
            ),
            (
                "POST /\nContent-Type: text/plain\n\n{{ x }}",
                "v",
                "cannot be encoded",
            ),
            ("GET /{{ x", "v", "not closed"),
            ("GET /{{ x | y }}", "v", "name of an input"),
            ("GET /{{ other }}", "v", "needs other"),
            ("get /", "v", "expected a method"),
            ("# nothing", "v", "empty"),
        ] {
            let error = rendered(text, value).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    fn secrets(value: &str) -> Secrets {
        let environment = Environment::from_pairs([("KEY", value)]);
        let request = Request {
            action: "a".into(),
            source: "s".into(),
            target: String::new(),
            text: String::new(),
            parameters: vec![Parameter::secret("k", "header", "env:KEY", false).unwrap()],
            effect: Effect::Read,
            timeout: std::time::Duration::from_secs(1),
            limit: 1,
            ceiling: None,
            judged: false,
            payload: Payload::Sql {
                statement: String::new(),
            },
        };
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(Secrets::fetch(&request, &environment))
            .unwrap()
    }

    #[test]
    fn a_secret_is_shown_by_its_reference_and_filled_for_its_place() {
        let text = "POST /u/{{ k }}?t={{ k }}\nX-Key: <{{ k }}>\n\n{\"a\": \"{{ k }}\", \"x\": \"{{ x }}\"}";
        // What looks like a mark or a reference in a value stays a value.
        let forged = "\0jk\0‹secret env:KEY›";
        let form = render(
            text,
            &context(&[("k", "secret", "env:KEY"), ("x", "text", forged)]),
        );
        let form = form.unwrap();
        assert_eq!(
            form.text(),
            "POST /u/‹secret env:KEY›?t=‹secret env:KEY›\nX-Key: <‹secret env:KEY›>\n\n{\"a\": \"‹secret env:KEY›\", \"x\": \"\\u0000jk\\u0000‹secret env:KEY›\"}"
        );
        let kinds: Vec<_> = form
            .parameters
            .iter()
            .map(|one| one.kind.as_str())
            .collect();
        assert_eq!(
            kinds,
            [
                "secret path segment",
                "secret query",
                "secret header",
                "secret JSON string",
                "JSON string"
            ]
        );
        let secrets = secrets("/pass \"w\"rd");
        let filled = |text: &str| fill(text, &secrets).unwrap();
        assert_eq!(
            filled(&form.path),
            "/u/%2Fpass%20%22w%22rd?t=%2Fpass%20%22w%22rd"
        );
        assert_eq!(filled(&form.headers[0].1), "</pass \"w\"rd>");
        assert_eq!(
            filled(&form.body),
            "{\"a\": \"/pass \\\"w\\\"rd\", \"x\": \"\\u0000jk\\u0000‹secret env:KEY›\"}"
        );
        for (text, value, words) in [
            ("GET /\nX-A: {{ x }}", "\0hk\0", "control character"),
            ("GET /\0hk\0", "v", "NUL byte"),
        ] {
            let context = context(&[("k", "secret", "env:KEY"), ("x", "text", value)]);
            let error = render(text, &context).unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
        let typed = context(&[("k", "secret", "hunter2-hunter2")]);
        let error = render("GET /{{ k }}", &typed).unwrap_err().to_string();
        assert!(
            error.contains("env:NAME") && !error.contains("hunter2"),
            "{error}"
        );
    }

    #[test]
    fn a_secret_that_would_end_a_header_line_is_not_sent() {
        let form = render(
            "GET /\nX-A: {{ k }}",
            &context(&[("k", "secret", "env:KEY")]),
        );
        let value = &form.unwrap().headers[0].1;
        let error = fill(value, &secrets("pass\r\nX-B: 1")).unwrap_err();
        assert!(error.to_string().contains("line break"), "{error}");
        assert!(!error.to_string().contains("X-B"), "{error}");
    }

    #[test]
    fn parameters_name_the_place() {
        let form = render("GET /{{ x }}?y={{ x }}", &context(&[("x", "uuid", "u")])).unwrap();
        let shown: Vec<_> = form
            .parameters
            .iter()
            .map(|parameter| (parameter.name.as_str(), parameter.kind.as_str()))
            .collect();
        assert_eq!(shown, [("x", "path segment"), ("x", "query")]);
    }
}
