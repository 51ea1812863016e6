//! How the scripted plugin answers.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use super::connection::{Connection, Request, chunk_of};
use super::event::parsed;
use super::good::{activated, count, download, head, problem, registered, response, sum};
use super::orders::Orders;
use super::script::{Action, Until};

/// What a request to `CallbackReply` without an id is to.
const STREAM_OF_REPLIES: &str = "stream-of-replies";

/// What a request to `RegisterCallback` with an empty list is to.
const UNREGISTRATION: &str = "unregistration";

/// A process of the plugin.
pub(super) struct Plugin {
    pub(super) orders: Orders,
    /// How many requests of each kind have been answered, or are being.
    answered: Mutex<BTreeMap<String, usize>>,
    seen: watch::Sender<Seen>,
    has_stopped: Notify,
}

/// What the host has done, which scripts wait for.
#[derive(Default)]
struct Seen {
    /// How many requests of each kind have been read.
    requests: BTreeMap<String, usize>,
    /// Of each kind, how many connections it has closed after such a request.
    closed: BTreeMap<String, usize>,
}

/// Whether the connection goes on.
type Flow = ControlFlow<()>;

impl Plugin {
    pub(super) fn new(orders: Orders) -> Self {
        let (seen, _) = watch::channel(Seen::default());
        Self { orders, answered: Mutex::default(), seen, has_stopped: Notify::new() }
    }

    /// Waits until the host has asked the plugin to stop.
    pub(super) async fn stopped(&self) {
        self.has_stopped.notified().await;
    }

    /// Answers the requests of a connection. The error is why one is no request.
    pub(super) async fn talk(&self, mut connection: Connection) -> Result<(), String> {
        let mut last = None;
        while let Some(mut request) = connection.request_head().await? {
            let is_read = self.is_read(&request);
            if is_read && !connection.request_body(&mut request).await? {
                break;
            }
            let to = kind(&request);
            self.note(&to, &request)?;
            for action in self.scripted(&to) {
                if self.act(action, &to, &request, &mut connection).await?.is_break() {
                    return Ok(());
                }
            }
            if !is_read && to != STREAM_OF_REPLIES {
                // What is behind the answer is the rest of the body.
                connection.drain().await?;
            }
            last = Some(to);
        }
        if let Some(to) = last {
            self.seen.send_modify(|seen| *seen.closed.entry(to).or_default() += 1);
        }
        Ok(())
    }

    /// Whether the body of a request is read before it is answered.
    fn is_read(&self, request: &Request) -> bool {
        let to = kind(request);
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let count = answered.get(&to).copied().unwrap_or_default();
        let next = self.orders.script.answers.get(&to).and_then(|answers| answers.get(count));
        let is_unread = next.is_some_and(|next| matches!(next.actions(), [Action::Unread, ..]));
        to != STREAM_OF_REPLIES && !is_unread
    }

    /// The script for the next request of this kind.
    fn scripted(&self, to: &str) -> Vec<Action> {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let count = answered.entry(to.to_owned()).or_default();
        *count += 1;
        let answers = self.orders.script.answers.get(to);
        let answer = answers.and_then(|answers| answers.get(*count - 1));
        answer.map_or_else(|| vec![Action::Good], |answer| answer.actions().to_vec())
    }

    /// Writes a request down, and wakes the scripts that wait for it.
    fn note(&self, to: &str, request: &Request) -> Result<(), String> {
        let noted = json!({
            "to": to,
            "target": request.target,
            "verb": request.verb,
            "headers": request.headers,
            "body": String::from_utf8_lossy(&request.body),
            "events": events(request),
        });
        self.write(&json!({ "request": noted }))?;
        if let Some(id) = request.target.strip_prefix("/CallbackReply/") {
            let kind = request.headers.get("content-type").map_or("", String::as_str);
            self.note_reply(id, kind, &request.body)?;
        }
        self.seen.send_modify(|seen| *seen.requests.entry(to.to_owned()).or_default() += 1);
        Ok(())
    }

    fn note_reply(&self, id: &str, media_type: &str, body: &[u8]) -> Result<(), String> {
        self.write(&json!({ "reply": {
            "to": id.parse::<u64>().ok(),
            "type": media_type,
            "text": String::from_utf8_lossy(body),
            "json": serde_json::from_slice::<Value>(body).ok(),
        } }))?;
        self.seen.send_modify(|seen| {
            *seen.requests.entry(format!("CallbackReply/{id}")).or_default() += 1;
        });
        Ok(())
    }

    fn write(&self, line: &Value) -> Result<(), String> {
        self.orders.note(line).map_err(|error| error.to_string())
    }

    async fn act(
        &self,
        action: Action,
        to: &str,
        request: &Request,
        connection: &mut Connection,
    ) -> Result<Flow, String> {
        match action {
            Action::Good => return self.answer(to, request, connection).await,
            Action::Bytes(bytes) => connection.send(&bytes.bytes()?).await?,
            Action::Bytewise(bytes) => {
                for byte in bytes.bytes()? {
                    connection.send(&[byte]).await?;
                    tokio::task::yield_now().await;
                }
            }
            Action::Last(bytes) => {
                connection.send(&bytes.bytes()?).await?;
                return Ok(Flow::Break(()));
            }
            Action::Exit(status) => std::process::exit(status),
            Action::Descriptor(descriptor) => connection.send(&activated(&descriptor)).await?,
            Action::Head(media_type) => connection.send(&head(&media_type)).await?,
            Action::Chunk(bytes) => connection.send(&chunk_of(&bytes.bytes()?)).await?,
            Action::Endless(bytes) => {
                let chunk = chunk_of(&bytes.bytes()?);
                while !connection.has_ended() {
                    connection.send(&chunk).await?;
                }
            }
            Action::Until(Until { to, times }) => {
                self.until(|seen| seen.requests.get(&to).is_some_and(|count| *count >= times))
                    .await;
            }
            Action::UntilClosed(to) => self.until(|seen| seen.closed.contains_key(&to)).await,
            Action::Unread => {}
            Action::Events(count) => {
                self.read_events(to, request, Some(count), connection).await?;
            }
        }
        Ok(Flow::Continue(()))
    }

    async fn until(&self, mut is_so: impl FnMut(&Seen) -> bool) {
        // The sender is in `self`.
        let _ = self.seen.subscribe().wait_for(|seen| is_so(seen)).await;
    }

    /// Reads events of the body of a request: this many, or all. Replies among them are noted.
    async fn read_events(
        &self,
        to: &str,
        request: &Request,
        count: Option<usize>,
        connection: &mut Connection,
    ) -> Result<(), String> {
        if request.headers.contains_key("expect") {
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let mut read = 0;
        while count.is_none_or(|count| read < count) {
            // A host may end, and cut its stream off.
            let Ok(Some(event)) = connection.event().await else { return Ok(()) };
            read += 1;
            if to == STREAM_OF_REPLIES {
                let problem = if event.name == "error" { "application/problem+json" } else { "" };
                let media_type = if event.name == "reply" { "application/json" } else { problem };
                self.note_reply(&event.id.unwrap_or_default(), media_type, event.data.as_bytes())?;
                self.seen.send_modify(|seen| {
                    *seen.requests.entry("CallbackReply".into()).or_default() += 1;
                });
            }
        }
        Ok(())
    }

    /// As a good plugin does.
    async fn answer(
        &self,
        to: &str,
        request: &Request,
        connection: &mut Connection,
    ) -> Result<Flow, String> {
        let is_listened_to = request
            .headers
            .get("accept")
            .is_some_and(|accept| accept.contains("text/event-stream"));
        let answer = match to {
            _ if request.verb != "POST" => problem("bad-request", 400),
            "Activate" => activated(&self.orders.descriptor),
            "Ping" => response("application/octet-stream", &request.body),
            "add" => response("application/json", b"5"),
            "count" => count(),
            "download" => download(),
            "ingest" => response("application/json", b"3"),
            "upload" => response("application/json", b"6"),
            "sum" if is_listened_to => sum(),
            "sum" => response("application/json", b"5050"),
            "RegisterCallback" => registered(),
            UNREGISTRATION => [registered(), chunk_of(b"")].concat(),
            "CallbackReply" => response("application/octet-stream", b""),
            STREAM_OF_REPLIES => {
                self.read_events(to, request, None, connection).await?;
                response("application/octet-stream", b"")
            }
            "Stop" if self.orders.script.stays => return Ok(Flow::Continue(())),
            "Stop" => {
                connection.send(&response("application/octet-stream", b"")).await?;
                self.has_stopped.notify_one();
                return Ok(Flow::Continue(()));
            }
            _ => problem("unknown-method", 400),
        };
        connection.send(&answer).await?;
        Ok(Flow::Continue(()))
    }
}

/// What a request is to: its method, or one of the two that are told apart by more than that.
fn kind(request: &Request) -> String {
    let mut segments = request.target.trim_start_matches('/').split(['/', '?']);
    match (segments.next(), segments.next()) {
        (Some("CallbackReply"), None) => STREAM_OF_REPLIES.into(),
        (Some("RegisterCallback"), _) if names(&request.body).is_empty() => UNREGISTRATION.into(),
        (method, _) => method.unwrap_or_default().into(),
    }
}

/// The list of a registration.
fn names(body: &[u8]) -> Vec<Value> {
    serde_json::from_slice(body).unwrap_or_default()
}

/// The events of a body that is a stream of them: the type and the data of each, which is JSON.
fn events(request: &Request) -> Option<Vec<Value>> {
    let media_type = request.headers.get("content-type")?;
    let body = String::from_utf8_lossy(&request.body).replace("\r\n", "\n");
    let events = body.split("\n\n").filter_map(parsed);
    let events = events.map(|event| {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        json!([event.name, data])
    });
    media_type.starts_with("text/event-stream").then(|| events.collect())
}
