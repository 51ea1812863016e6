//! One connection to a plugin, on which a caller writes, waits and reads.

use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::SendError;
use super::open::busy_poll_field;
use super::pool::Pooled;
use crate::http1::{Buffer, Progress, Request, Response, ResponseReader, insert_header};
use crate::protocol::wire;
use crate::transport::{BlockingStream, BusyPoll, HangUp};

/// For how long after a response a connection counts as quiet without a look at it. A plugin
/// closes an idle connection after seconds, and calls that follow one another closely save a
/// system call each.
const AT_REST: Duration = Duration::from_millis(1);

/// A connection for one request at a time.
#[derive(Debug)]
pub(in crate::host) struct BlockingConnection {
    stream: BlockingStream,
    buffer: Buffer,
    reader: ResponseReader,
    /// Where requests are written.
    scratch: Vec<u8>,
    busy_poll: BusyPoll,
    /// For how many microseconds the plugin is to poll busily; `None` once it was told.
    ask: Option<u64>,
    reusable: bool,
    /// When its last response was whole.
    used: Instant,
}

impl BlockingConnection {
    /// Connects to a plugin's socket, which this host's user or root must have bound: what
    /// is sent there may be secret, and what comes from there is believed. A response's body
    /// may have at most `limit` bytes. Both ends look at the connection for at most `busy_poll`
    /// before they wait.
    pub(in crate::host) fn open(
        socket: &Path,
        within: Duration,
        limit: usize,
        busy_poll: Duration,
    ) -> io::Result<Self> {
        let stream = BlockingStream::connect(socket, within)?;
        stream.peer()?.check_listener()?;
        Ok(Self {
            stream,
            buffer: Buffer::default(),
            reader: ResponseReader::new(limit),
            scratch: Vec::new(),
            busy_poll: BusyPoll::new(busy_poll),
            ask: busy_poll_field(busy_poll),
            reusable: true,
            used: Instant::now(),
        })
    }

    /// Sends a request and reads its response. After an error the connection is of no use.
    ///
    /// The request is written to its end before anything is read: a plugin that answers
    /// early and does not read on holds a large request up until the deadline.
    pub(in crate::host) fn exchange(
        &mut self,
        request: &Request<'_>,
        authority: &str,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        self.reusable = false;
        self.scratch.clear();
        let body = request.write_to(&mut self.scratch, authority.as_bytes());
        if let Some(microseconds) = self.ask.take() {
            insert_header(&mut self.scratch, wire::HEADER_BUSY_POLL, microseconds);
        }
        let sent = send(&mut self.stream, [&self.scratch, body], deadline);
        if let Err(error @ (SendError::Unsent(_) | SendError::TimedOut)) = sent {
            return Err(error);
        }
        let whole = sent.is_ok();
        let response = match self.receive(deadline) {
            // Who was cut off while it wrote may have been told why.
            Ok(response) => response,
            Err(error) => return Err(sent.err().unwrap_or(error)),
        };
        // What comes unasked would be taken for the next answer.
        self.used = Instant::now();
        self.reusable = whole && response.keep_alive && self.buffer.filled().is_empty();
        Ok(response)
    }

    fn receive(&mut self, deadline: Instant) -> Result<Response, SendError> {
        let reader = &mut self.reader;
        let room = reader.room(&mut self.buffer)?;
        if self.busy_poll.is_due()
            && let Some(read) = self.busy_poll.read(self.stream.as_fd(), room)
            && read? == 0
        {
            return Ok(reader.end()?);
        }
        loop {
            match reader.take(&mut self.buffer)? {
                Progress::Whole(response) => return Ok(response),
                Progress::Interim(_) => {}
                Progress::More => {
                    let room = reader.room(&mut self.buffer)?;
                    if self.stream.read(room, deadline)? == 0 {
                        return Ok(reader.end()?);
                    }
                }
            }
        }
    }
}

impl Pooled for BlockingConnection {
    /// False if the plugin closed the connection or sent bytes that nobody asked for.
    fn is_quiet(&self) -> bool {
        self.used.elapsed() < AT_REST || self.stream.is_quiet()
    }

    fn is_reusable(&self) -> bool {
        self.reusable
    }

    fn hang_up(&self) -> HangUp {
        self.stream.hang_up()
    }
}

/// Writes both parts whole, at once if the socket takes them.
fn send(
    stream: &mut BlockingStream,
    [head, body]: [&[u8]; 2],
    deadline: Instant,
) -> Result<(), SendError> {
    let mut parts = [IoSlice::new(head), IoSlice::new(body)];
    let mut left = &mut parts[..];
    let mut sent_something = false;
    // Empty parts are no reason to write.
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match stream.write(left, deadline) {
            Ok(0) => return Err(SendError::Broken(ErrorKind::WriteZero.into())),
            Ok(count) => {
                sent_something = true;
                IoSlice::advance_slices(&mut left, count);
            }
            Err(error) if sent_something || error.kind() == ErrorKind::TimedOut => {
                return Err(error.into());
            }
            Err(error) => return Err(SendError::Unsent(error)),
        }
    }
    Ok(())
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
    fn connected(plugin: impl FnOnce(UnixStream) + Send + 'static) -> BlockingConnection {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let connection = BlockingConnection::open(&path, SOON, 1 << 20, Duration::ZERO).unwrap();
        let stream = listener.accept().unwrap().0;
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
    fn read_request(stream: &mut UnixStream) {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            read.push(byte[0]);
        }
    }

    fn wait_until_not_quiet(connection: &BlockingConnection) {
        let since = Instant::now();
        while connection.is_quiet() {
            assert!(since.elapsed() < SOON, "nothing came");
            thread::yield_now();
        }
    }

    #[test]
    fn one_connection_takes_one_request_after_the_other() {
        let mut connection = connected(|mut stream| {
            for _ in 0..3 {
                read_request(&mut stream);
                stream.write_all(ANSWER).unwrap();
            }
        });
        for _ in 0..3 {
            let response = call(&mut connection, &Bytes::new()).unwrap();
            assert_eq!((response.status, &response.body[..]), (200, &b"hi"[..]));
            assert!(connection.is_reusable());
        }
    }

    #[test]
    fn what_comes_unasked_is_no_answer_to_the_next_request() {
        let mut connection = connected(|mut stream| {
            read_request(&mut stream);
            stream.write_all(&[ANSWER, ANSWER].concat()).unwrap();
        });
        assert_eq!(call(&mut connection, &Bytes::new()).unwrap().body, "hi");
        assert!(!connection.is_reusable());
    }

    #[test]
    fn what_comes_while_nobody_asks_or_the_end_is_noticed() {
        for unasked in [ANSWER, b""] {
            let mut connection = connected(move |mut stream| {
                read_request(&mut stream);
                stream.write_all(ANSWER).unwrap();
                // The next read fails where the connection is let go of.
                drop(stream.write_all(unasked));
            });
            call(&mut connection, &Bytes::new()).unwrap();
            wait_until_not_quiet(&connection);
        }
    }

    #[test]
    fn a_request_on_a_connection_that_is_closed_was_not_sent() {
        let mut connection = connected(drop);
        wait_until_not_quiet(&connection);
        let error = call(&mut connection, &Bytes::new()).err().unwrap();
        assert!(matches!(error, SendError::Unsent(_)), "{error:?}");
    }

    #[test]
    fn who_is_cut_off_while_writing_reads_why() {
        let mut connection = connected(|mut stream| {
            let text = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(text).unwrap();
        });
        let response = call(&mut connection, &Bytes::from(vec![0; 8 << 20]));
        match response {
            Ok(response) => assert_eq!(response.status, 413),
            // The end may come before the first byte is written.
            Err(error) => assert!(matches!(error, SendError::Unsent(_)), "{error:?}"),
        }
        assert!(!connection.is_reusable());
    }

    #[test]
    fn an_answer_that_does_not_come_is_late() {
        let mut connection = connected(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
        let deadline = Instant::now() + Duration::from_millis(20);
        let error = call_until(&mut connection, &Bytes::new(), deadline).err().unwrap();
        assert!(matches!(error, SendError::TimedOut), "{error:?}");
        assert!(Instant::now() >= deadline && !connection.is_reusable());
    }
}
