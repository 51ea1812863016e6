//! A connection whose response goes on: the stream of a plugin's callbacks.
//!
//! The reader drives the connection, so that reading neither needs nor wakes another task.
//! Dropping the reader closes the connection.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::open::connect;
use crate::http1::{
    BodyProgress, BodyStream, Buffer, MAX_HEAD, Progress, Request, Response, ResponseReader,
    StreamHead, StreamedResponse,
};
use crate::transport::Stream;

/// The size of the read buffer, in bytes.
const BUFFER_SIZE: usize = 64 << 10;

/// A connection on which a plugin sends a stream.
pub(in crate::host) struct EventStream {
    stream: Stream,
    incoming: Buffer,
    body: BodyStream,
    /// The length of the piece that was returned last; it is still in the buffer.
    returned: usize,
}

/// The response to a request for a stream.
pub(in crate::host) enum Opened {
    /// The plugin sends a stream.
    Stream(EventStream),
    /// The plugin sent an ordinary response, for example an error.
    Response(Response),
}

impl EventStream {
    /// Connects to a plugin's socket, sends a request and waits for the head of its response.
    /// A response that is not a stream is read to its end; its body may have at most `limit`
    /// bytes.
    pub(super) async fn open(
        socket: &Path,
        timeout: Duration,
        request: &Request<'_>,
        authority: &[u8],
        limit: usize,
    ) -> io::Result<Opened> {
        let mut stream = connect(socket, timeout).await?;
        let mut head = Vec::new();
        let request_body = request.write_to(&mut head, authority);
        for part in [&head, request_body] {
            stream.write_all(part).await?;
        }
        let mut incoming = Buffer::with_capacity(BUFFER_SIZE);
        let mut reader = ResponseReader::new(limit);
        loop {
            match reader.take_stream(&mut incoming)? {
                StreamedResponse::Stream(StreamHead { body, .. }) => {
                    return Ok(Opened::Stream(Self { stream, incoming, body, returned: 0 }));
                }
                StreamedResponse::Other(Progress::Complete(response)) => {
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
        self.incoming.consume(std::mem::take(&mut self.returned));
        loop {
            match self.body.next(&mut self.incoming)? {
                BodyProgress::Data(count) => {
                    self.returned = count;
                    break;
                }
                BodyProgress::End => return Ok(None),
                BodyProgress::More => {
                    let room = self.incoming.room(MAX_HEAD)?;
                    if self.stream.receive(room).await? == 0 {
                        return self.body.end().map(|()| None);
                    }
                }
            }
        }
        Ok(self.incoming.filled().get(..self.returned))
    }
}
