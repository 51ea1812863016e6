//! A connection on which requests are written as bytes, and whose answers are read strictly.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::event::Event;
use crate::system::{Process, Socket};

/// Longer answers are no answers to what the cases ask.
const MAX_ANSWER: usize = goplug::limits::MAX_BODY;

/// An answer, whose body is empty if only the head has been read.
#[derive(Debug, Default)]
pub(super) struct Response {
    pub(super) status: u16,
    /// By their names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
    /// What comes behind the last chunk.
    pub(super) trailers: BTreeMap<String, String>,
}

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) verb: String,
    pub(super) target: String,
    /// By their names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl fmt::Display for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = &self.body[..self.body.len().min(300)];
        write!(formatter, "{} with {:?}", self.status, String::from_utf8_lossy(body))
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    received: Vec<u8>,
    /// Text of an event stream behind the last event.
    pub(super) text: Vec<u8>,
    /// Whether the last byte of that text was a CR.
    pub(super) is_behind_cr: bool,
    /// An event that is read again.
    pub(super) put_back: Option<Event>,
    /// What came behind the last chunk.
    trailers: BTreeMap<String, String>,
    /// How long each wait may take.
    patience: Duration,
    /// Whether the peer has closed the connection.
    has_ended: bool,
}

impl Connection {
    pub(super) async fn open(process: &Process, patience: Duration) -> Result<Self, String> {
        let connected = timeout(patience, process.connect()).await;
        let connected = connected.map_err(|_| in_vain("connect"))?;
        let socket = connected.map_err(|error| format!("cannot connect: {error}"))?;
        Ok(Self::over(socket, patience))
    }

    /// A connection that somebody has opened.
    pub(super) fn over(socket: Socket, patience: Duration) -> Self {
        Self {
            socket,
            received: Vec::new(),
            text: Vec::new(),
            is_behind_cr: false,
            put_back: None,
            trailers: BTreeMap::new(),
            patience,
            has_ended: false,
        }
    }

    /// Sends as much as the peer takes: what it answers shows whether that was enough.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let sent = timeout(self.patience, self.socket.write_all(bytes)).await;
        match sent.map_err(|_| in_vain("send"))? {
            Err(error) if !is_end(&error) => return Err(format!("cannot send: {error}")),
            Err(_) => self.has_ended = true,
            Ok(()) => {}
        }
        Ok(())
    }

    pub(super) async fn half_close(&mut self) -> io::Result<()> {
        self.socket.shutdown().await
    }

    /// The next answer with its body.
    pub(super) async fn response(&mut self) -> Result<Response, String> {
        let mut response = self.head().await?;
        if response.status < 200 || matches!(response.status, 204 | 304) {
            return Ok(response);
        }
        if response.headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            loop {
                let chunk = self.chunk().await?;
                if chunk.is_empty() {
                    response.trailers = std::mem::take(&mut self.trailers);
                    return Ok(response);
                }
                response.body.extend(chunk);
            }
        }
        let length = response.headers.get("content-length");
        let length = length.and_then(|length| length.parse().ok());
        let length = length.ok_or("the answer has neither a Content-Length nor chunks")?;
        response.body = self.take(length).await?;
        Ok(response)
    }

    /// The next answer up to its body.
    pub(super) async fn head(&mut self) -> Result<Response, String> {
        let line = self.line().await?;
        let mut parts = line.splitn(3, ' ');
        let is_http = parts.next() == Some("HTTP/1.1");
        let status = parts.next().filter(|status| status.len() == 3);
        let status = status.and_then(|status| status.parse().ok());
        let Some(status) = status.filter(|status| is_http && (100..600).contains(status)) else {
            return Err(format!("no status line: {line:?}"));
        };
        Ok(Response { status, headers: self.headers().await?, ..Response::default() })
    }

    /// The next request up to its body; nothing if the connection has ended before.
    pub(super) async fn request_head(&mut self) -> Result<Option<Request>, String> {
        let head = self.head_of_request().await;
        self.unless_ended(head)
    }

    /// Reads the body of a request. False if the connection has ended before.
    pub(super) async fn request_body(&mut self, request: &mut Request) -> Result<bool, String> {
        let body = self.body_of(&request.headers).await;
        let body = self.unless_ended(body)?;
        Ok(body.map(|body| request.body = body).is_some())
    }

    /// Whether the peer has closed the connection, as far as is known.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// A host may close a connection at any time, which is no fault.
    fn unless_ended<T>(&self, read: Result<T, String>) -> Result<Option<T>, String> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(_) if self.has_ended => Ok(None),
            Err(reason) => Err(reason),
        }
    }

    async fn head_of_request(&mut self) -> Result<Request, String> {
        let line = self.line().await?;
        let words: Vec<_> = line.split(' ').collect();
        let [verb, target, "HTTP/1.1"] = words[..] else {
            return Err(format!("no request: {line:?}"));
        };
        let (verb, target) = (verb.to_owned(), target.to_owned());
        Ok(Request { verb, target, headers: self.headers().await?, body: Vec::new() })
    }

    async fn body_of(&mut self, headers: &BTreeMap<String, String>) -> Result<Vec<u8>, String> {
        if headers.contains_key("transfer-encoding") {
            let mut body = Vec::new();
            loop {
                match self.chunk().await? {
                    chunk if chunk.is_empty() => return Ok(body),
                    chunk => body.extend(chunk),
                }
            }
        }
        let Some(length) = headers.get("content-length") else { return Ok(Vec::new()) };
        self.take(length.parse().map_err(|_| format!("no length: {length}"))?).await
    }

    async fn headers(&mut self) -> Result<BTreeMap<String, String>, String> {
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(headers);
            }
            let (name, value) = line.split_once(':').ok_or(format!("no header: {line:?}"))?;
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }

    /// The next chunk of a body; the last one is empty.
    pub(super) async fn chunk(&mut self) -> Result<Vec<u8>, String> {
        let line = self.line().await?;
        let digits = line.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(digits, 16);
        let size = size.map_err(|_| format!("no size of a chunk: {line:?}"))?;
        if size == 0 {
            self.trailers = self.trailers_to_the_end().await?;
            return Ok(Vec::new());
        }
        let chunk = self.take(size).await?;
        match self.take(2).await?.as_slice() {
            b"\r\n" => Ok(chunk),
            other => Err(format!("a chunk is followed by {other:?}")),
        }
    }

    /// Trailers, up to an empty line. Behind one, the connection may end as well.
    async fn trailers_to_the_end(&mut self) -> Result<BTreeMap<String, String>, String> {
        let mut trailers = BTreeMap::new();
        loop {
            match self.line().await {
                Ok(line) if line.is_empty() => return Ok(trailers),
                Ok(line) => {
                    let (name, value) =
                        line.split_once(':').ok_or(format!("no trailer: {line:?}"))?;
                    trailers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
                }
                Err(_) if !trailers.is_empty() => return Ok(trailers),
                Err(reason) => return Err(reason),
            }
        }
    }

    /// Whether the peer has neither sent anything nor closed the connection.
    pub(super) fn is_open(&mut self) -> bool {
        let mut byte = [0];
        let read = self.socket.try_read(&mut byte);
        self.received.is_empty() && read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Waits for the end of the connection. Returns what came before it.
    pub(super) async fn end(&mut self) -> Result<Vec<u8>, String> {
        while self.receive("the end of the connection").await? {}
        Ok(std::mem::take(&mut self.received))
    }

    /// Reads and drops everything up to the end of the connection.
    pub(super) async fn drain(&mut self) -> Result<(), String> {
        while self.receive("the end of the connection").await? {
            self.received.clear();
        }
        Ok(())
    }

    async fn line(&mut self) -> Result<String, String> {
        let mut searched = 0;
        loop {
            let found = self.received[searched..].windows(2).position(|pair| pair == b"\r\n");
            if let Some(at) = found {
                let line = self.take(searched + at + 2).await?;
                let line = String::from_utf8(line).map_err(|_| "a head is not UTF-8")?;
                return Ok(line.trim_end().to_owned());
            }
            searched = self.received.len().saturating_sub(1);
            self.need_more("an answer").await?;
        }
    }

    async fn take(&mut self, count: usize) -> Result<Vec<u8>, String> {
        if count > MAX_ANSWER {
            return Err(format!("an answer of {count} bytes is too long"));
        }
        while self.received.len() < count {
            self.need_more("the rest of an answer").await?;
        }
        Ok(self.received.drain(..count).collect())
    }

    async fn need_more(&mut self, what: &str) -> Result<(), String> {
        if self.receive(what).await? {
            return Ok(());
        }
        let received = String::from_utf8_lossy(&self.received[..self.received.len().min(200)]);
        Err(format!("the connection ended before {what}, behind {received:?}"))
    }

    /// Receives what there is; nothing at the end of the connection.
    async fn receive(&mut self, what: &str) -> Result<bool, String> {
        if self.received.len() > MAX_ANSWER {
            return Err("an answer has no end".into());
        }
        let read = timeout(self.patience, self.socket.read_buf(&mut self.received)).await;
        let count = match read.map_err(|_| in_vain(what))? {
            Err(error) if is_end(&error) => 0,
            read => read.map_err(|error| error.to_string())?,
        };
        self.has_ended = count == 0;
        Ok(count > 0)
    }
}

/// A chunk of a body; an empty one ends the body.
pub(super) fn chunk_of(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Why a wait has ended.
pub(super) fn in_vain(what: &str) -> String {
    format!("waited in vain for {what}")
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::NotConnected
    )
}
