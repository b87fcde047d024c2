//! The `.http` form: `METHOD path`, headers, a blank line, the body; `{{ name }}` is encoded for the place where it stands.
//!
//! A value can never add a path segment, a query parameter, a header or a JSON member. Nothing is sent here.

use std::fmt::Write as _;

use crate::model::request::{BoundInput, Parameter, PlanContext, PlanError};
use crate::sources::mask::percent_encode;
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
    /// The form again, with its values in place.
    pub(super) fn text(&self) -> String {
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

impl<'a> Values<'a> {
    fn take(&mut self, name: &str, place: &str) -> Result<&'a BoundInput, PlanError> {
        let input = registry::bound_input(name, self.context)?;
        if input.kind == "secret" {
            return Err(refused(format!(
                "{name} is a secret: an HTTP request takes secrets only from the source's own settings (bearer_token, password); a shell action gets them as environment variables"
            )));
        }
        let parameter = Parameter {
            name: name.to_owned(),
            kind: place.to_owned(),
            value: input.text.clone(),
            example: input.example,
        };
        if !self.parameters.contains(&parameter) {
            self.parameters.push(parameter);
        }
        Ok(input)
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
                    target.push_str(&percent_encode(&self.take(name, place)?.text));
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
                Part::Name(input) => value.push_str(&self.take(input, "header")?.text),
            }
        }
        if value
            .chars()
            .any(|character| character.is_control() && character != '\t')
        {
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
                    body.push_str(&percent_encode(&self.take(name, "form field")?.text));
                }
                Part::Name(name) if is_json && string.escaped => {
                    return Err(refused(format!(
                        "a backslash stands before `{{{{ {name} }}}}` in the JSON body: it would change the value's first character"
                    )));
                }
                Part::Name(name) if is_json && string.inside => {
                    let text = &self.take(name, "JSON string")?.text;
                    let quoted = serde_json::Value::from(text.as_str()).to_string();
                    body.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
                }
                Part::Name(name) if is_json => {
                    let input = self.take(name, "JSON number")?;
                    if input.kind != "integer" {
                        return Err(refused(format!(
                            "{name} is of type {}: put quotes around `{{{{ {name} }}}}` in the JSON body",
                            input.kind
                        )));
                    }
                    body.push_str(&input.text);
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
    use super::*;
    use crate::model::Timestamp;

    fn context(values: &[(&str, &'static str, &str)]) -> PlanContext {
        PlanContext {
            now: Timestamp::UNIX_EPOCH,
            window: (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
            width: 80,
            inputs: values
                .iter()
                .map(|(id, kind, text)| BoundInput {
                    id: (*id).into(),
                    kind,
                    text: (*text).to_owned(),
                    example: false,
                    has_pattern: false,
                })
                .collect(),
            edited: None,
            message: None,
        }
    }

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
        let secret = render("GET /{{ k }}", &context(&[("k", "secret", "env:KEY")]));
        assert!(secret.unwrap_err().to_string().contains("is a secret"));
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
