//! A connection whose response has no end in sight: a plugin's callbacks.
//!
//! Whoever reads the stream drives it, so that reading costs no task and no wake-up of one,
//! and dropping the reader closes the connection.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::connection::open_stream;
use crate::http1::{
    BodyProgress, BodyStream, Buffer, MAX_HEAD, Progress, Request, Response, ResponseReader,
    StreamedResponse,
};
use crate::transport::Stream;

/// How much is read at a time, in bytes.
const AT_A_TIME: usize = 64 << 10;

/// A connection with a stream.
pub(super) struct StreamConnection {
    stream: Stream,
    incoming: Buffer,
    pieces: BodyStream,
    /// How much of what is here has been given out.
    given: usize,
}

impl StreamConnection {
    /// Connects to a plugin's socket, sends a request and waits for the head of its response:
    /// see [`Connection::open`](super::connection::Connection). A response that is no stream is
    /// answered with as a whole; its body may have at most `limit` bytes.
    pub(super) async fn open(
        socket: &Path,
        connect: Duration,
        request: &Request<'_>,
        authority: &[u8],
        limit: usize,
    ) -> io::Result<Result<Self, Response>> {
        let mut stream = open_stream(socket, connect).await?;
        let mut head = Vec::new();
        let body = request.write_to(&mut head, authority);
        for part in [&head, body] {
            stream.write_all(part).await?;
        }
        let mut incoming = Buffer::with_capacity(AT_A_TIME);
        let mut reader = ResponseReader::new(limit);
        loop {
            match reader.take_stream(&mut incoming)? {
                StreamedResponse::Stream(pieces) => {
                    return Ok(Ok(Self { stream, incoming, pieces, given: 0 }));
                }
                StreamedResponse::Other(Progress::Whole(response)) => return Ok(Err(response)),
                StreamedResponse::Other(Progress::Interim(_)) => {}
                StreamedResponse::Other(Progress::More) => {
                    if stream.receive(reader.room(&mut incoming)?).await? == 0 {
                        return Ok(Err(reader.end()?));
                    }
                }
            }
        }
    }

    /// The next piece of the stream; `None` at its end. Cancel safe.
    pub(super) async fn next_piece(&mut self) -> io::Result<Option<&[u8]>> {
        self.incoming.consume(std::mem::take(&mut self.given));
        loop {
            match self.pieces.next(&mut self.incoming)? {
                BodyProgress::Data(count) => {
                    self.given = count;
                    break;
                }
                BodyProgress::End => return Ok(None),
                BodyProgress::More => {
                    let room = self.incoming.room(MAX_HEAD)?;
                    if self.stream.receive(room).await? == 0 {
                        return self.pieces.end().map(|()| None);
                    }
                }
            }
        }
        Ok(self.incoming.filled().get(..self.given))
    }
}
