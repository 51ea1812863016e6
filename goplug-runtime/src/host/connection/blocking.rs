//! One connection to a plugin for callers that block: they write, wait and read themselves.

use std::io::{self, IoSlice};
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::answer::Answer;
use super::blocking_io::{read, send};
use super::body_part::next_part;
use super::busy_polling::BusyPolling;
use super::error::SendError;
use super::pool::Pooled;
use crate::http1::{BodyStream, Buffer, Request, RequestWriter, ResponseReader};
use crate::limits;
use crate::transport::Debuggee;
use crate::transport::{BlockingStream, ShutdownHandle};

/// A connection that has been idle for longer than this is checked before it is used again. A
/// plugin closes idle connections only after seconds, and calls in quick succession save a system
/// call each.
const STALE_CHECK_AFTER: Duration = Duration::from_millis(1);

/// A connection for one request at a time.
#[derive(Debug)]
pub(in crate::host) struct BlockingConnection {
    pub(super) stream: BlockingStream,
    buffer: Buffer,
    reader: ResponseReader,
    writer: RequestWriter,
    busy_polling: BusyPolling,
    reusable: bool,
    pub(super) debuggee: Debuggee,
    /// When the last response was complete.
    idle_since: Instant,
}

impl BlockingConnection {
    /// Connects to a plugin's socket. This host's user or root must have bound it: requests may be
    /// secret, and responses are trusted. A response's body may have at most `limit` bytes. Both
    /// ends poll the connection busily for at most `busy_poll` before they wait.
    pub(super) fn open(
        socket: &Path,
        timeout: Duration,
        limit: usize,
        busy_poll: Duration,
    ) -> io::Result<Self> {
        let stream = BlockingStream::connect(socket, timeout)?;
        stream.peer()?.check_listener()?;
        Ok(Self {
            stream,
            buffer: Buffer::default(),
            reader: ResponseReader::new(limit),
            writer: RequestWriter::default(),
            busy_polling: BusyPolling::new(busy_poll),
            reusable: true,
            debuggee: Debuggee::default(),
            idle_since: Instant::now(),
        })
    }

    /// The same connection, of a process that a debugger may hold.
    pub(super) fn of(self, debuggee: Debuggee) -> Self {
        Self { debuggee, ..self }
    }

    /// Sends a request and reads its response. After an error the connection cannot be used again.
    ///
    /// The whole request is written before anything is read. If a plugin answers early and stops
    /// reading, a large request waits until the deadline.
    pub(super) fn exchange<A: Answer>(
        &mut self,
        request: &Request<'_>,
        authority: &str,
        deadline: Instant,
    ) -> Result<A, SendError> {
        self.reusable = false;
        let body = self.writer.write(request, authority.as_bytes());
        self.busy_polling.begin_request(&mut self.writer);
        let mut parts = [IoSlice::new(self.writer.bytes()), IoSlice::new(body)];
        let sent = match request.more {
            [] => send(&mut self.stream, &mut parts, deadline, self.debuggee),
            more => {
                let more = more.iter().map(|piece| IoSlice::new(piece));
                let mut parts: Vec<_> = parts.into_iter().chain(more).collect();
                send(&mut self.stream, &mut parts, deadline, self.debuggee)
            }
        };
        if let Err(error @ (SendError::Unsent(_) | SendError::TimedOut(_))) = sent {
            return Err(error);
        }
        let sent_all = sent.is_ok();
        // The plugin may have answered and closed the connection before the request was complete.
        let mut has_received = false;
        let answer: A = match self.receive(deadline, &mut has_received) {
            Ok(answer) => answer,
            Err(error) => {
                return Err(match sent.err().unwrap_or(error) {
                    SendError::Broken(error) => SendError::ended(error, sent_all, has_received),
                    other => other,
                });
            }
        };
        Ok(self.answered(answer, sent_all))
    }

    /// The answer to a request, of which all was sent or not.
    pub(super) fn answered<A: Answer>(&mut self, mut answer: A, sent_all: bool) -> A {
        self.idle_since = Instant::now();
        // Bytes beyond the response would be taken for the next response.
        self.reusable = answer.leaves_reusable(sent_all, self.buffer.filled().is_empty());
        answer
    }

    /// Begins a request whose body is a stream, and returns its head.
    pub(super) fn begin_request(&mut self, request: &Request<'_>, authority: &str) -> &[u8] {
        self.reusable = false;
        self.writer.write_head_of_stream(request, authority.as_bytes());
        self.busy_polling.begin_request(&mut self.writer);
        self.writer.bytes()
    }

    /// Reads the response, and notes whether a byte of it came.
    pub(super) fn receive<A: Answer>(
        &mut self,
        deadline: Instant,
        has_received: &mut bool,
    ) -> Result<A, SendError> {
        let reader = &mut self.reader;
        let room = reader.room(&mut self.buffer)?;
        if self.busy_polling.poll.is_due()
            && let Some(read) = self.busy_polling.poll.read(&self.stream, room)
        {
            *has_received = read? > 0;
            if !*has_received {
                return Ok(A::of(reader.end()?));
            }
        }
        loop {
            if let Some(answer) = A::take(reader, &mut self.buffer)? {
                return Ok(answer);
            }
            let room = reader.room(&mut self.buffer)?;
            match read(&mut self.stream, room, usize::MAX, deadline, self.debuggee)? {
                0 => return Ok(A::of(reader.end()?)),
                _ => *has_received = true,
            }
        }
    }

    /// Reads the next part of the body of a streamed result; `None` at its end. Blocks for at most
    /// `idle`.
    pub(super) fn read_body(
        &mut self,
        body: &mut BodyStream,
        idle: Duration,
    ) -> Result<Option<Bytes>, SendError> {
        loop {
            if let Some(part) = self.received_part(body)? {
                return Ok(part);
            }
            if let Some(part) = self.read_some(body, idle)? {
                return Ok(part);
            }
        }
    }

    /// The next part of the body that has been received: `Some(None)` at its end, and `None` if more
    /// has to be received.
    pub(super) fn received_part(
        &mut self,
        body: &mut BodyStream,
    ) -> Result<Option<Option<Bytes>>, SendError> {
        Ok(next_part(body, &mut self.buffer)?)
    }

    /// Receives something, or the end of the connection, which may be that of the body: `Some(None)`.
    pub(super) fn read_some(
        &mut self,
        body: &BodyStream,
        idle: Duration,
    ) -> Result<Option<Option<Bytes>>, SendError> {
        let room = self.buffer.room(usize::MAX)?;
        match read(&mut self.stream, room, body.read_limit(), Instant::now() + idle, self.debuggee)?
        {
            0 => Ok(body.end().map(|()| Some(None))?),
            _ => Ok(None),
        }
    }

    /// Makes the buffer as large as a streamed result needs it.
    pub(super) fn begin_body(&mut self) {
        self.buffer.set_capacity(limits::STREAM_READ);
    }

    /// Notes that the body has ended, and whether another request may follow.
    pub(super) fn end_body(&mut self, keep_alive: bool) {
        self.idle_since = Instant::now();
        self.reusable = keep_alive && self.buffer.filled().is_empty();
        self.buffer = Buffer::default();
    }
}

impl Pooled for BlockingConnection {
    fn is_stale(&self) -> bool {
        self.idle_since.elapsed() >= STALE_CHECK_AFTER && self.stream.is_stale()
    }

    fn is_dead(&self) -> bool {
        self.stream.is_stale()
    }

    fn is_reusable(&self) -> bool {
        self.reusable
    }

    fn shutdown_handle(&self) -> ShutdownHandle {
        self.stream.shutdown_handle()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::thread;

    use super::*;
    use crate::host::connection::error::Stage;
    use crate::http1::Response;
    use crate::transport::{RawListener, RawStream, socket_path};

    const SOON: Duration = Duration::from_secs(10);
    const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    /// A connection to a plugin, which runs this function.
    fn connected(plugin: impl FnOnce(RawStream) + Send + 'static) -> BlockingConnection {
        let temp = tempfile::tempdir().unwrap();
        let path = socket_path(temp.path(), "s");
        let listener = RawListener::bind(&path);
        let connection = BlockingConnection::open(&path, SOON, 1 << 20, Duration::ZERO).unwrap();
        let stream = listener.accept().unwrap();
        thread::spawn(move || plugin(stream));
        connection
    }

    fn call(connection: &mut BlockingConnection, body: &Bytes) -> Result<Response, SendError> {
        call_until(connection, body, Instant::now() + SOON)
    }

    fn call_until(
        connection: &mut BlockingConnection,
        body: &Bytes,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        connection.exchange(&Request::new("work", body), "plugin", deadline)
    }

    /// Reads a request without a body.
    fn read_request(stream: &mut RawStream) {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            read.push(byte[0]);
        }
    }

    fn wait_until_stale(connection: &BlockingConnection) {
        let began = Instant::now();
        while !connection.is_stale() {
            assert!(began.elapsed() < SOON, "the connection does not become stale");
            thread::yield_now();
        }
    }

    #[test]
    fn a_connection_takes_several_requests_in_turn() {
        let mut connection = connected(|mut stream| {
            for _ in 0..3 {
                read_request(&mut stream);
                stream.write_all(RESPONSE).unwrap();
            }
        });
        for _ in 0..3 {
            let response = call(&mut connection, &Bytes::new()).unwrap();
            assert_eq!((response.status, &response.body[..]), (200, &b"hi"[..]));
            assert!(connection.is_reusable());
        }
    }

    #[test]
    fn a_second_response_makes_the_connection_unusable() {
        let mut connection = connected(|mut stream| {
            read_request(&mut stream);
            stream.write_all(&[RESPONSE, RESPONSE].concat()).unwrap();
        });
        assert_eq!(call(&mut connection, &Bytes::new()).unwrap().body, "hi");
        assert!(!connection.is_reusable());
    }

    #[test]
    fn unsolicited_bytes_and_the_end_make_an_idle_connection_stale() {
        for unsolicited in [RESPONSE, b""] {
            let mut connection = connected(move |mut stream| {
                read_request(&mut stream);
                stream.write_all(RESPONSE).unwrap();
                // After an empty write the connection is only closed.
                drop(stream.write_all(unsolicited));
            });
            call(&mut connection, &Bytes::new()).unwrap();
            wait_until_stale(&connection);
        }
    }

    #[test]
    fn a_request_on_a_closed_connection_is_not_sent() {
        let mut connection = connected(drop);
        wait_until_stale(&connection);
        let error = call(&mut connection, &Bytes::new()).err().unwrap();
        assert!(matches!(error, SendError::Unsent(_)), "{error:?}");
    }

    #[test]
    fn a_response_is_read_though_the_plugin_stopped_reading() {
        let mut connection = connected(|mut stream| {
            let text = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(text).unwrap();
        });
        let response = call(&mut connection, &Bytes::from(vec![0; 8 << 20]));
        match response {
            Ok(response) => assert_eq!(response.status, 413),
            // The plugin may close the connection before the first byte is written.
            Err(error) => assert!(matches!(error, SendError::Unsent(_)), "{error:?}"),
        }
        assert!(!connection.is_reusable());
    }

    #[test]
    fn a_missing_response_ends_at_the_deadline() {
        let mut connection = connected(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
        let deadline = Instant::now() + Duration::from_millis(20);
        let error = call_until(&mut connection, &Bytes::new(), deadline).err().unwrap();
        assert!(matches!(error, SendError::TimedOut(Stage::Sent)), "{error:?}");
        assert!(Instant::now() >= deadline && !connection.is_reusable());
    }

    #[test]
    fn a_request_that_was_not_read_as_a_whole_was_not_begun() {
        let body = Bytes::from_static(b"a body of which the plugin reads nothing");
        for body in [body, Bytes::from(vec![0; 8 << 20])] {
            let mut connection = connected(|mut stream| read_request(&mut stream));
            let error = call(&mut connection, &body).err().unwrap();
            assert!(matches!(error, SendError::Unread(_)), "{error:?}");
        }
        let mut connection = connected(|mut stream| read_request(&mut stream));
        let error = call(&mut connection, &Bytes::new()).err().unwrap();
        assert!(matches!(error, SendError::Broken(_)), "{error:?}");
    }
}
