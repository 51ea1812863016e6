//! A connection whose response has no end in sight: a plugin's callbacks.
//!
//! Its reader drives it, so that reading costs no task and no wake-up of one, and dropping the
//! reader closes the connection.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::open::connect;
use crate::http1::{
    BodyProgress, BodyStream, Buffer, MAX_HEAD, Progress, Request, Response, ResponseReader,
    StreamedResponse,
};
use crate::transport::Stream;

/// How much is read at a time, in bytes.
const AT_A_TIME: usize = 64 << 10;

/// A connection with a stream.
pub(in crate::host) struct EventStream {
    stream: Stream,
    incoming: Buffer,
    pieces: BodyStream,
    /// How much of what is here has been given out.
    given: usize,
}

/// What a plugin answers a request for a stream with.
pub(in crate::host) enum Opened {
    Stream(EventStream),
    /// A response that is no stream.
    Response(Response),
}

impl EventStream {
    /// Connects to a plugin's socket, sends a request and waits for the head of its response.
    /// A response that is no stream is read to its end; its body may have at most `limit` bytes.
    pub(super) async fn open(
        socket: &Path,
        within: Duration,
        request: &Request<'_>,
        authority: &[u8],
        limit: usize,
    ) -> io::Result<Opened> {
        let mut stream = connect(socket, within).await?;
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
                    return Ok(Opened::Stream(Self { stream, incoming, pieces, given: 0 }));
                }
                StreamedResponse::Other(Progress::Whole(response)) => {
                    return Ok(Opened::Response(response));
                }
                StreamedResponse::Other(Progress::Interim(_)) => {}
                StreamedResponse::Other(Progress::More) => {
                    if stream.receive(reader.room(&mut incoming)?).await? == 0 {
                        return Ok(Opened::Response(reader.end()?));
                    }
                }
            }
        }
    }

    /// The next piece of the stream; `None` at its end. Cancel safe.
    pub(in crate::host) async fn next_piece(&mut self) -> io::Result<Option<&[u8]>> {
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
