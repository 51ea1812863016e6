//! One connection to a plugin, driven by whoever calls through it.
//!
//! The caller's own task writes the request and reads the response, so that a call costs no
//! other task and no wake-up of one; and dropping the call closes the connection, which is
//! how a plugin learns that nobody waits any more. `stream` has the connections on which a
//! plugin sends callbacks.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::clock::Clock;
use super::pool::Pooled;
use crate::http1::{Buffer, Progress, ReadError, Request, Response, ResponseReader, insert_header};
use crate::protocol::wire;
use crate::transport::{self, BusyPoll, HangUp, Stream};

/// Why a request got no response.
#[derive(Debug)]
pub(super) enum TransmitError {
    /// Nothing of the request was sent: it may go elsewhere.
    Unsent(io::Error),
    /// The connection failed after something was sent; because of what was received where the
    /// kind is [`InvalidData`](ErrorKind::InvalidData).
    Broken(io::Error),
    /// The response body is larger than the limit.
    TooLarge,
    /// The deadline is over.
    Late,
}

impl From<ReadError> for TransmitError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge => Self::TooLarge,
            ReadError::Broken(error) => Self::Broken(error),
        }
    }
}

/// A connection for one request at a time.
pub(super) struct Connection {
    stream: Stream,
    incoming: Buffer,
    reader: ResponseReader,
    /// Where requests are written.
    scratch: Vec<u8>,
    clock: Clock,
    busy_poll: BusyPoll,
    /// For how many microseconds the plugin is asked to look at it too, until it has been.
    ask: Option<u64>,
    reusable: bool,
}

impl Connection {
    /// Connects to a plugin's socket, which this host's user or root must have bound: what
    /// is sent there may be secret, and what comes from there is believed. A response's body
    /// may have at most `limit` bytes. Both ends look at the connection for at most `busy_poll`
    /// before they wait.
    pub(super) async fn open(
        socket: &Path,
        deadline: Duration,
        limit: usize,
        busy_poll: Duration,
    ) -> io::Result<Self> {
        Ok(Self {
            stream: open_stream(socket, deadline).await?,
            incoming: Buffer::default(),
            reader: ResponseReader::new(limit),
            scratch: Vec::new(),
            clock: Clock::default(),
            busy_poll: BusyPoll::new(busy_poll),
            ask: microseconds(busy_poll),
            reusable: true,
        })
    }

    /// Sends a request and reads its response. After an error, or where the future was
    /// dropped, the connection is of no use. It is worth a look before it waits for as long as
    /// the call is `alone`.
    pub(super) async fn transmit(
        &mut self,
        request: &Request<'_>,
        authority: &[u8],
        deadline: Instant,
        alone: impl Fn() -> bool,
    ) -> Result<Response, TransmitError> {
        let fresh = std::mem::take(&mut self.reusable);
        self.scratch.clear();
        let body = request.write_to(&mut self.scratch, authority);
        if let Some(microseconds) = self.ask.take() {
            insert_header(&mut self.scratch, wire::HEADER_BUSY_POLL, microseconds);
        }
        let mut exchange = Exchange {
            stream: &mut self.stream,
            incoming: &mut self.incoming,
            parts: [&self.scratch, body],
            sent: 0,
            failed: None,
            reader: &mut self.reader,
            alone,
            busy_poll: &mut self.busy_poll,
            looks: false,
        };
        let clock = &mut self.clock;
        let response = poll_fn(|cx| match exchange.poll(cx) {
            Poll::Pending => clock.poll(cx, deadline).map(|()| Err(TransmitError::Late)),
            done => done,
        })
        .await?;
        let whole = exchange.is_sent();
        // What comes unasked would be taken for the next answer.
        self.reusable = fresh && whole && response.keep_alive && self.incoming.filled().is_empty();
        Ok(response)
    }

    /// Resolves when the other end closes this connection, which nobody else uses.
    pub(super) async fn closed(&mut self) {
        let mut space = Vec::with_capacity(64);
        poll_fn(|cx| {
            loop {
                space.clear();
                match ready!(self.stream.poll_receive(cx, &mut space)) {
                    Ok(count) if count > 0 => {}
                    // How it ended does not matter to who waits for the end.
                    _ => return Poll::Ready(()),
                }
            }
        })
        .await;
    }
}

impl Pooled for Connection {
    /// What has come of it meanwhile is looked for before the next request is sent.
    fn is_quiet(&self) -> bool {
        true
    }

    fn is_reusable(&self) -> bool {
        self.reusable
    }

    fn hang_up(&self) -> HangUp {
        self.stream.hang_up()
    }
}

/// What a plugin is told of a bound; nothing of none.
pub(super) fn microseconds(busy_poll: Duration) -> Option<u64> {
    u64::try_from(busy_poll.as_micros()).ok().filter(|microseconds| *microseconds > 0)
}

/// Connects to a socket that this host's user or root has bound.
pub(super) async fn open_stream(socket: &Path, deadline: Duration) -> io::Result<Stream> {
    let stream = transport::connect(socket, deadline).await?;
    stream.peer()?.check_listener()?;
    Ok(stream)
}

/// A request and its response, on their way.
struct Exchange<'a, A> {
    stream: &'a mut Stream,
    incoming: &'a mut Buffer,
    /// What is sent, one after the other, and how much of it has been.
    parts: [&'a [u8]; 2],
    sent: usize,
    /// Why nothing more is sent.
    failed: Option<io::Error>,
    reader: &'a mut ResponseReader,
    alone: A,
    busy_poll: &'a mut BusyPoll,
    /// Whether it is to look before it waits.
    looks: bool,
}

impl<A: Fn() -> bool> Exchange<'_, A> {
    /// Writes and reads at the same time: who is cut off while it writes may have been told
    /// why, and a plugin may answer while it reads.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, TransmitError>> {
        let begins = self.sent == 0;
        if begins && self.is_disturbed(cx) {
            let text = "the plugin has closed the connection";
            let error = io::Error::new(ErrorKind::ConnectionReset, text);
            return Poll::Ready(Err(TransmitError::Unsent(error)));
        }
        if self.failed.is_none()
            && let Poll::Ready(Err(error)) = self.poll_write(cx)
        {
            if self.sent == 0 {
                return Poll::Ready(Err(TransmitError::Unsent(error)));
            }
            self.failed = Some(error);
        }
        if begins {
            // Whatever has come since the connection was found undisturbed wakes this task.
            self.looks = (self.alone)() && self.busy_poll.is_due();
            if self.looks {
                // The others come first, and may make calls.
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        self.poll_read(cx)
    }

    fn is_sent(&self) -> bool {
        self.sent == self.parts[0].len() + self.parts[1].len()
    }

    /// Whether the connection is not as it was left: closed, or something came unasked. As
    /// far as the runtime has been told, which costs nothing; a write finds the rest out.
    fn is_disturbed(&mut self, cx: &mut Context<'_>) -> bool {
        let room = self.reader.room(self.incoming);
        room.map_or(true, |room| self.stream.poll_receive(cx, room).is_ready())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_sent() {
            let [head, body] = self.parts;
            let stream = Pin::new(&mut *self.stream);
            let written = match head.get(self.sent..) {
                Some(head) => {
                    let parts = [IoSlice::new(head), IoSlice::new(body)];
                    ready!(stream.poll_write_vectored(cx, &parts))?
                }
                None => ready!(stream.poll_write(cx, &body[self.sent - head.len()..]))?,
            };
            if written == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.sent += written;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, TransmitError>> {
        loop {
            match ready!(self.poll_receive(cx)) {
                Ok(count) if count > 0 => {}
                outcome => return Poll::Ready(self.end(outcome.map(drop))),
            }
            loop {
                match self.reader.take(self.incoming)? {
                    Progress::Whole(response) => return Poll::Ready(Ok(response)),
                    Progress::Interim(_) => {}
                    Progress::More => break,
                }
            }
        }
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let looks = std::mem::take(&mut self.looks) && self.is_sent() && (self.alone)();
        let room = self.reader.room(self.incoming)?;
        if looks && let Some(read) = self.busy_poll.read(&*self.stream, room) {
            return Poll::Ready(read);
        }
        self.stream.poll_receive(cx, room)
    }

    /// Nothing more comes. Where sending has failed before, that is the reason.
    fn end(&mut self, outcome: io::Result<()>) -> Result<Response, TransmitError> {
        let ended = match (self.failed.take(), outcome) {
            (Some(error), _) | (None, Err(error)) => return Err(TransmitError::Broken(error)),
            (None, Ok(())) => self.reader.end(),
        };
        Ok(ended?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::thread;

    use bytes::Bytes;

    use super::*;

    const SOON: Duration = Duration::from_secs(10);
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    /// A connection to a plugin that does this.
    async fn connected(
        busy_poll: Duration,
        plugin: impl FnOnce(UnixStream) + Send + 'static,
    ) -> Connection {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let connection = Connection::open(&path, SOON, 9 << 20, busy_poll).await.unwrap();
        let stream = listener.accept().unwrap().0;
        thread::spawn(move || plugin(stream));
        connection
    }

    async fn call(connection: &mut Connection, body: Bytes) -> Result<Response, TransmitError> {
        call_within(connection, body, SOON).await
    }

    async fn call_within(
        connection: &mut Connection,
        body: Bytes,
        within: Duration,
    ) -> Result<Response, TransmitError> {
        let deadline = Instant::now() + within;
        connection.transmit(&Request::new("work", &body), b"plugin", deadline, || true).await
    }

    /// Reads a request without a body.
    fn read_request(stream: &mut UnixStream) -> String {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            read.push(byte[0]);
        }
        String::from_utf8(read).unwrap()
    }

    #[tokio::test]
    async fn one_connection_takes_one_request_after_the_other() {
        let mut connection = connected(Duration::ZERO, |mut stream| {
            for _ in 0..3 {
                read_request(&mut stream);
                stream.write_all(ANSWER).unwrap();
            }
        })
        .await;
        for _ in 0..3 {
            let response = call(&mut connection, Bytes::new()).await.unwrap();
            assert_eq!((response.status, &response.body[..]), (200, &b"hi"[..]));
            assert!(connection.is_reusable());
        }
    }

    #[tokio::test]
    async fn the_plugin_is_asked_once_to_look_before_it_waits() {
        let mut connection = connected(Duration::from_micros(20), |mut stream| {
            for asked in [true, false, false] {
                let request = read_request(&mut stream);
                assert_eq!(request.contains("goplug-busy-poll: 20\r\n"), asked, "{request}");
                stream.write_all(ANSWER).unwrap();
            }
        })
        .await;
        for _ in 0..3 {
            assert_eq!(call(&mut connection, Bytes::new()).await.unwrap().body, "hi");
        }
    }

    #[tokio::test]
    async fn other_tasks_have_their_turn_though_each_look_helps() {
        const CALLS: usize = 100;
        let mut connection = connected(Duration::from_micros(50), |mut stream| {
            for _ in 0..CALLS {
                read_request(&mut stream);
                stream.write_all(ANSWER).unwrap();
            }
        })
        .await;
        let mut calls = std::pin::pin!(async {
            for _ in 0..CALLS {
                call(&mut connection, Bytes::new()).await.unwrap();
            }
        });
        // Whenever this is polled, the others had their turn.
        let mut turns = 0;
        poll_fn(|cx| {
            turns += 1;
            calls.as_mut().poll(cx)
        })
        .await;
        assert!(turns >= CALLS, "{turns}");
    }

    #[tokio::test]
    async fn what_comes_unasked_is_no_answer_to_the_next_request() {
        let mut connection = connected(Duration::ZERO, |mut stream| {
            read_request(&mut stream);
            stream.write_all(&[ANSWER, ANSWER].concat()).unwrap();
        })
        .await;
        assert_eq!(call(&mut connection, Bytes::new()).await.unwrap().body, "hi");
        assert!(!connection.is_reusable());
    }

    #[tokio::test]
    async fn a_request_on_a_connection_that_is_closed_was_not_sent() {
        let mut connection = connected(Duration::ZERO, drop).await;
        connection.closed().await;
        let error = call(&mut connection, Bytes::new()).await.err().unwrap();
        assert!(matches!(error, TransmitError::Unsent(_)), "{error:?}");
    }

    #[tokio::test]
    async fn a_large_body_goes_out_while_its_answer_comes_in() {
        const SIZE: usize = 8 << 20;
        let mut connection = connected(Duration::ZERO, |mut stream| {
            read_request(&mut stream);
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").unwrap();
            let mut piece = vec![0; 1 << 16];
            let mut left = SIZE;
            while left > 0 {
                let count = stream.read(&mut piece).unwrap();
                stream.write_all(&piece[..count]).unwrap();
                left -= count;
            }
        })
        .await;
        let body: Bytes = (0..SIZE).map(|at| (at % 251) as u8).collect();
        assert_eq!(call(&mut connection, body.clone()).await.unwrap().body, body);
        assert!(connection.is_reusable());
    }

    #[tokio::test]
    async fn who_is_cut_off_while_writing_reads_why() {
        let mut connection = connected(Duration::ZERO, |mut stream| {
            let text = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(text).unwrap();
            // Only then it goes, and takes what it has not read along.
            read_request(&mut stream);
        })
        .await;
        match call(&mut connection, vec![0; 8 << 20].into()).await {
            Ok(response) => assert_eq!(response.status, 413),
            // It came before the first byte was written.
            Err(error) => assert!(matches!(error, TransmitError::Unsent(_)), "{error:?}"),
        }
        assert!(!connection.is_reusable());
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_late() {
        let plugin = |mut stream: UnixStream| drop(stream.read_to_end(&mut Vec::new()));
        let mut connection = connected(Duration::ZERO, plugin).await;
        let granted = Duration::from_millis(20);
        let error = call_within(&mut connection, Bytes::new(), granted).await.err().unwrap();
        assert!(matches!(error, TransmitError::Late), "{error:?}");
        assert!(!connection.is_reusable());
    }
}
