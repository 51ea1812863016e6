//! What a good plugin sends.

use serde_json::{Value, json};

use super::connection::chunk_of;

/// The name and the namespace of the plugin that a host has to use.
pub(super) const NAME: &str = "Probe";
pub(super) const NAMESPACE: &str = "conformance";

/// What the plugin says that it is.
pub(super) fn descriptor() -> Value {
    let param = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    let stream = |name: &str, kind: &str| json!({ "name": name, "type": kind, "stream": true });
    let method = |name: &str, params: Value, returns: &str| json!({ "name": name, "params": params, "returns": { "type": returns } });
    let mut methods = [
        method("add", json!([param("a", "i64"), param("b", "i64")]), "i64"),
        method("count", json!([param("to", "u64")]), "u64"),
        method("download", json!([]), "Bytes"),
        method("ingest", json!([param("source", "String"), stream("numbers", "u64")]), "u64"),
        method("sum", json!([param("n", "u64")]), "u64"),
        method("upload", json!([param("name", "String"), stream("content", "Bytes")]), "u64"),
    ];
    methods[0]["fingerprint"] = json!("bb364c15d84acd2c");
    methods[1]["stream"] = json!(true);
    methods[2]["stream"] = json!(true);
    methods[4]["progress"] = json!({ "type": "u8" });
    let callbacks = [
        method("ask", json!([param("number", "i64")]), "i64"),
        method("image", json!([param("content", "Bytes")]), ""),
        method("note", json!([param("text", "String")]), ""),
    ];
    json!({
        "name": NAME,
        "namespace": NAMESPACE,
        "version": "1.0.0",
        "protocol": 2,
        "methods": methods,
        "callbacks": callbacks,
    })
}

/// The answer to an activation.
pub(super) fn activated(descriptor: &Value) -> Vec<u8> {
    let media_type = "application/vnd.goplug+json\r\nGoplug-Protocol: 2";
    response(media_type, descriptor.to_string().as_bytes())
}

/// A success with a length.
pub(super) fn response(media_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The head of a success in chunks.
pub(super) fn head(media_type: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nGoplug-Protocol: 2\r\nTransfer-Encoding: chunked\r\n";
    format!("{head}Content-Type: {media_type}\r\n\r\n").into_bytes()
}

/// A failure of this name.
pub(super) fn problem(name: &str, status: u16) -> Vec<u8> {
    let kind = format!("urn:goplug:error:{name}");
    let body = json!({ "type": kind, "title": name, "status": status, "detail": name }).to_string();
    let media_type = "application/problem+json";
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} Not\r\nContent-Type: {media_type}\r\nContent-Length: {length}");
    format!("{head}\r\n\r\n{body}").into_bytes()
}

/// The answer to a registration: a stream that stays open.
pub(super) fn registered() -> Vec<u8> {
    head("text/event-stream")
}

/// Three items.
pub(super) fn count() -> Vec<u8> {
    let items = (1..=3).map(|item| format!("event: item\ndata: {item}\n\n"));
    let text = items.chain(["event: end\ndata: null\n\n".into()]).collect::<String>();
    whole("text/event-stream", &[text.as_bytes()])
}

/// A stream of bytes.
pub(super) fn download() -> Vec<u8> {
    whole("application/octet-stream", &[b"abc", b"def"])
}

/// Two reports, and the result.
pub(super) fn sum() -> Vec<u8> {
    let reports = "event: progress\ndata: 50\n\nevent: progress\ndata: 100\n\n";
    whole("text/event-stream", &[reports.as_bytes(), b"event: result\ndata: 5050\n\n"])
}

/// A success in these chunks.
fn whole(media_type: &str, chunks: &[&[u8]]) -> Vec<u8> {
    let chunks: Vec<_> = chunks.iter().map(|bytes| chunk_of(bytes)).collect();
    [head(media_type), chunks.concat(), chunk_of(b"")].concat()
}
