//! A plugin that calls a service, and what its host sends it.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::*;
use super::{STREAM_HEAD, callbacks, peer};
use crate::host::task::OwnedTask;
use crate::protocol::Problem;
use crate::transport::{Listener, Stream, socket_path};
use crate::typed::Reply;

/// A service that answers with its arguments, or with a problem.
struct Echo;

impl ServiceTarget for Echo {
    fn call(&self, call: ArrivedCall) -> Result<ServiceReply, Problem> {
        let ArrivedCall { method, body, media_type, .. } = call;
        Ok(Box::pin(async move {
            if &*method == "slow" {
                tokio::task::yield_now().await;
            }
            Ok(Reply { body, media_type, beside: None })
        }))
    }
}

/// How a reply has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Request,
    Stream,
}

type Arrival = (By, u64, String);

/// What a plugin does with a stream of replies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Streams {
    Refused,
    Read,
    /// The connection is closed after this event.
    ReadUntil(u64),
}

/// The plugin's end.
struct Plugin {
    calls: UnboundedSender<String>,
    arrivals: UnboundedReceiver<Arrival>,
    _tasks: (OwnedTask, OwnedTask),
    _folder: tempfile::TempDir,
}

impl Plugin {
    async fn start(streams: Streams) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = socket_path(folder.path(), "s");
        let listener = Listener::bind(&socket).unwrap();
        let (calls, waiting) = unbounded_channel();
        let (arrived, arrivals) = unbounded_channel();
        let serving = OwnedTask::spawn(serve_all(listener, waiting, arrived, streams));
        let services = Services::from([("E".to_owned(), Arc::new(Echo) as Arc<dyn ServiceTarget>)]);
        let (callbacks, generation) = callbacks();
        let peer = peer(socket, services);
        let receiving = serve(peer, Dialect::GoPlug2, callbacks, generation, |_| {});
        Self { calls, arrivals, _tasks: (serving, OwnedTask::spawn(receiving)), _folder: folder }
    }

    /// Calls a method of the service, and waits for the next reply.
    async fn ask(&mut self, id: u64, method: &str, data: &str) -> Arrival {
        let event = format!("id: {id}\nevent: E/{method};call;replies\ndata: {data}\n\n");
        self.calls.send(event).unwrap();
        self.reply().await
    }

    async fn reply(&mut self) -> Arrival {
        timeout(limits::CALL_TIMEOUT, self.arrivals.recv()).await.unwrap().unwrap()
    }

    /// Asks until a reply comes on a stream. Returns the id of the call.
    async fn ask_until_there_is_a_stream(&mut self) -> u64 {
        for id in 1.. {
            let (by, replied, data) = self.ask(id, "m", &id.to_string()).await;
            assert_eq!((replied, data), (id, id.to_string()));
            if by == By::Stream {
                return id;
            }
        }
        unreachable!()
    }
}

async fn serve_all(
    listener: Listener,
    calls: UnboundedReceiver<String>,
    arrived: UnboundedSender<Arrival>,
    streams: Streams,
) {
    let (mut tasks, mut calls) = (JoinSet::new(), Some(calls));
    while let Ok((socket, _)) = listener.accept().await {
        let mut socket = BufReader::new(socket);
        let (target, length) = head(&mut socket).await.unwrap();
        let arrived = arrived.clone();
        if target == "/RegisterCallback" {
            body(&mut socket, length).await;
            tasks.spawn(send_calls(socket, calls.take().unwrap()));
        } else if target == "/CallbackReply" {
            tasks.spawn(read_stream(socket, arrived, streams));
        } else {
            tasks.spawn(read_requests(socket, (target, length), arrived));
        }
    }
}

/// The target of the next request, and the length of its body.
async fn head(socket: &mut BufReader<Stream>) -> Option<(String, usize)> {
    let (mut lines, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await.unwrap() == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        lines.push(line);
    }
    let target = lines[0].split(' ').nth(1).unwrap();
    let target = target.replace("callbackreply", "CallbackReply");
    Some((target.replace("registercallback", "RegisterCallback"), length))
}

async fn body(socket: &mut BufReader<Stream>, length: usize) -> String {
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.unwrap();
    String::from_utf8(body).unwrap()
}

async fn send_calls(mut socket: BufReader<Stream>, mut calls: UnboundedReceiver<String>) {
    socket.write_all(STREAM_HEAD.as_bytes()).await.unwrap();
    while let Some(event) = calls.recv().await {
        let chunk = format!("{:x}\r\n{event}\r\n", event.len());
        socket.write_all(chunk.as_bytes()).await.unwrap();
    }
}

async fn read_requests(
    mut socket: BufReader<Stream>,
    (mut target, mut length): (String, usize),
    arrived: UnboundedSender<Arrival>,
) {
    loop {
        let id = target.strip_prefix("/CallbackReply/").unwrap().parse().unwrap();
        let data = body(&mut socket, length).await;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        arrived.send((By::Request, id, data)).unwrap();
        let Some(next) = head(&mut socket).await else { return };
        (target, length) = next;
    }
}

async fn read_stream(
    mut socket: BufReader<Stream>,
    arrived: UnboundedSender<Arrival>,
    streams: Streams,
) {
    if streams == Streams::Refused {
        let refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return socket.write_all(refusal.as_bytes()).await.unwrap();
    }
    socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
    loop {
        let mut size = String::new();
        if socket.read_line(&mut size).await.unwrap() == 0 {
            return;
        }
        let event = body(&mut socket, usize::from_str_radix(size.trim_end(), 16).unwrap()).await;
        body(&mut socket, 2).await;
        let rest = event.strip_prefix("id: ").unwrap();
        let (id, data) = rest.trim_end().split_once("\nevent: reply\ndata: ").unwrap();
        let id = id.parse().unwrap();
        arrived.send((By::Stream, id, data.to_owned())).unwrap();
        if streams == Streams::ReadUntil(id) {
            return;
        }
    }
}

#[tokio::test]
async fn after_the_first_replies_small_ones_go_on_a_stream() {
    let mut plugin = Plugin::start(Streams::Read).await;
    let first = plugin.ask_until_there_is_a_stream().await;
    assert!(first > u64::from(limits::REPLIES_BEFORE_STREAM), "{first}");
    assert_eq!(plugin.ask(first + 1, "slow", "7").await, (By::Stream, first + 1, "7".into()));
    let large = format!("\"{}\"", "x".repeat(limits::STREAMED_REPLY));
    assert_eq!(plugin.ask(first + 2, "m", &large).await, (By::Request, first + 2, large));
    assert_eq!(plugin.ask(first + 3, "m", "8").await, (By::Stream, first + 3, "8".into()));
}

#[tokio::test]
async fn if_the_stream_is_refused_each_reply_is_a_request() {
    let mut plugin = Plugin::start(Streams::Refused).await;
    for id in 1..=3 * u64::from(limits::REPLIES_BEFORE_STREAM) {
        assert_eq!(plugin.ask(id, "m", "[1]").await, (By::Request, id, "[1]".into()));
    }
}

#[tokio::test]
async fn replies_on_a_stream_that_breaks_are_sent_again() {
    // No stream is open so early.
    let last = 4 * u64::from(limits::REPLIES_BEFORE_STREAM);
    let mut plugin = Plugin::start(Streams::ReadUntil(last)).await;
    let first = plugin.ask_until_there_is_a_stream().await;
    assert!(first < last, "{first}");
    for id in first + 1..=last {
        assert_eq!(plugin.ask(id, "m", "[1]").await.1, id);
    }
    let mut again = Vec::new();
    for _ in first..=last {
        let (by, id, _) = plugin.reply().await;
        assert_eq!(by, By::Request);
        again.push(id);
    }
    again.sort_unstable();
    assert_eq!(again, (first..=last).collect::<Vec<_>>());
    assert_eq!(plugin.ask(last + 1, "m", "[2]").await, (By::Request, last + 1, "[2]".into()));
}
