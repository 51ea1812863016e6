//! Whether an answer or an event is right.

use serde_json::{Value, json};

use super::case::{Answer, Answers, Event as Expected};
use super::connection::Response;
use super::event::Event;
use super::pattern::{any, fits};
use super::variables::Variables;

/// The statuses of the problems of docs/protocol.md.
const PROBLEMS: &[(&str, u16)] = &[
    ("method", 422),
    ("unknown-method", 400),
    ("invalid-arguments", 400),
    ("bad-request", 400),
    ("deadline-exceeded", 408),
    ("unauthorized", 401),
    ("misdirected", 421),
    ("body-too-large", 413),
    ("handler-panicked", 500),
    ("internal", 500),
    ("cut-off", 500),
    ("not-active", 503),
    ("stopping", 503),
];

/// Judges an answer.
pub(super) fn response(
    answers: &Answers,
    found: &Response,
    variables: &mut Variables,
) -> Result<(), String> {
    let judged = match answers {
        Answers::One(answer) => one(answer, found, variables),
        Answers::AnyOf(answers) => any(answers, |answer| one(answer, found, variables)),
    };
    judged.map_err(|reason| format!("{reason}; the answer is {found}"))
}

fn one(answer: &Answer, found: &Response, variables: &mut Variables) -> Result<(), String> {
    if let Some(name) = &answer.problem {
        problem(name, found)?;
    }
    if let Some(result) = &answer.result {
        has_status(&json!(200), found)?;
        has_header("content-type", &json!({"$begins": "application/json"}), found, variables)?;
        fits(result, &json_of(found)?, variables)?;
    }
    if let Some(status) = &answer.status {
        has_status(status, found)?;
    }
    for (name, pattern) in &answer.headers {
        has_header(name, pattern, found, variables)?;
    }
    for (name, pattern) in &answer.trailers {
        let found = json!(found.trailers.get(name));
        fits(pattern, &found, variables)
            .map_err(|reason| format!("the trailer {name}: {reason}"))?;
    }
    if let Some(body) = &answer.body
        && body.bytes()? != found.body
    {
        return Err(format!("the body has {} other bytes than expected", found.body.len()));
    }
    if let Some(pattern) = &answer.text {
        fits(pattern, &json!(String::from_utf8_lossy(&found.body)), variables)?;
    }
    match &answer.json {
        Some(pattern) => fits(pattern, &json_of(found)?, variables),
        None => Ok(()),
    }
}

fn json_of(found: &Response) -> Result<Value, String> {
    serde_json::from_slice(&found.body).map_err(|error| format!("the body is not JSON: {error}"))
}

fn has_status(expected: &Value, found: &Response) -> Result<(), String> {
    let is_right = match (expected.as_str(), expected.as_u64()) {
        (Some("error"), _) => found.status >= 400,
        (Some("2xx"), _) => found.status / 100 == 2,
        (Some("4xx"), _) => found.status / 100 == 4,
        (Some("5xx"), _) => found.status / 100 == 5,
        (None, Some(status)) => status == u64::from(found.status),
        _ => return Err(format!("the case names an unknown status, {expected}")),
    };
    if is_right { Ok(()) } else { Err(format!("the status is {}, not {expected}", found.status)) }
}

fn has_header(
    name: &str,
    pattern: &Value,
    found: &Response,
    variables: &mut Variables,
) -> Result<(), String> {
    let value = found.headers.get(name).map_or(Value::Null, |value| json!(value));
    fits(pattern, &value, variables).map_err(|reason| format!("the header {name}: {reason}"))
}

/// A whole problem document.
fn problem(name: &str, found: &Response) -> Result<(), String> {
    let status = PROBLEMS.iter().find(|(problem, _)| *problem == name);
    let (_, status) = status.ok_or(format!("the case names an unknown problem, {name}"))?;
    has_status(&json!(status), found)?;
    let mut none = Variables::default();
    has_header("content-type", &json!({"$begins": "application/problem+json"}), found, &mut none)?;
    let members = json!({
        "type": format!("urn:goplug:error:{name}"),
        "status": status,
        "title": {"$type": "string"},
        "detail": {"$type": "string"},
    });
    fits(&json!({ "$members": members }), &json_of(found)?, &mut none)
}

/// Judges an event.
pub(super) fn event(
    expected: &Expected,
    found: &Event,
    variables: &mut Variables,
) -> Result<(), String> {
    if let Some(pattern) = &expected.event {
        fits(pattern, &json!(found.name), variables)?;
    }
    if let Some(pattern) = &expected.id {
        let id = found.id.as_ref().map(|id| id.parse().map_or(json!(id), |id: u64| json!(id)));
        fits(pattern, &id.unwrap_or_default(), variables)
            .map_err(|reason| format!("id: {reason}"))?;
    }
    if let Some(pattern) = &expected.traceparent {
        let found = json!(found.traceparent);
        fits(pattern, &found, variables).map_err(|reason| format!("traceparent: {reason}"))?;
    }
    if let Some(pattern) = &expected.text {
        fits(pattern, &json!(found.data), variables)?;
    }
    if let Some(pattern) = &expected.data {
        let data = serde_json::from_str(&found.data);
        let data = data.map_err(|error| format!("the data is not JSON: {error}"))?;
        fits(pattern, &data, variables)?;
    }
    match &expected.bytes {
        Some(body) if base64(&body.bytes()?) != found.data => Err("other bytes".into()),
        _ => Ok(()),
    }
}

/// Bytes as base64, with padding.
fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
