//! A connection whose request goes on: the stream of a host's replies to calls of services.
//!
//! A reply is written at once and as a whole, or not at all, so that nobody waits for the stream. Dropping
//! it closes the connection.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::busy_polling::BusyPolling;
use super::open::connect;
use crate::http1::{Buffer, CHUNK_END, Progress, Request, ResponseReader, write_chunk_size};
use crate::protocol::event_stream::Encoder;
use crate::transport::{Stream, processors};

/// Asks for an interim response before the body.
pub(in crate::host) const EXPECT_CONTINUE: (&str, &str) = ("expect", "100-continue");

/// The status of that response.
const CONTINUE: u16 = 100;

/// An open stream of replies.
pub(in crate::host) struct ReplyStream {
    stream: Stream,
    encoder: Encoder,
    /// The last event, and the chunk that it was sent in; kept for their capacity.
    event: Vec<u8>,
    chunk: Vec<u8>,
    /// How many requests the plugin counts on the connection: the head, and each event.
    requests: u32,
}

impl ReplyStream {
    /// Connects to a plugin's socket, and sends the head of this request, which has
    /// [`EXPECT_CONTINUE`]. `None` if the plugin does not ask for the body. The plugin polls the
    /// connection busily for at most `busy_poll`.
    pub(super) async fn open(
        socket: &Path,
        timeout: Duration,
        request: &Request<'_>,
        authority: &[u8],
        limit: usize,
        busy_poll: Duration,
    ) -> io::Result<Option<Self>> {
        let mut stream = connect(socket, timeout).await?;
        let mut head = Vec::new();
        request.write_head_of_stream(&mut head, authority);
        BusyPolling::new(busy_poll).insert_header(&mut head);
        stream.write_all(&head).await?;
        let (mut incoming, mut reader) = (Buffer::default(), ResponseReader::new(limit));
        loop {
            match reader.take(&mut incoming)? {
                Progress::Interim(CONTINUE) => {
                    // The plugin's read of a reply wakes an end that is watched for room. On a processor of its
                    // own, this process is then awake for the next service; on a shared one, it only takes it away.
                    let is_shared = processors() == 1;
                    let stream = if is_shared { stream.watched_for_reading()? } else { stream };
                    return Ok(Some(Self::new(stream)));
                }
                Progress::Interim(_) => {}
                Progress::Complete(_) => return Ok(None),
                Progress::More => {
                    if stream.receive(reader.room(&mut incoming)?).await? == 0 {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn new(stream: Stream) -> Self {
        let (event, chunk) = (Vec::new(), Vec::new());
        Self { stream, encoder: Encoder::default(), event, chunk, requests: 1 }
    }

    /// Writes an event, and gives how many requests the plugin counts on the connection. `None` if
    /// there was no room for all of it, or the connection has failed: then the stream must not be used
    /// any more.
    pub(in crate::host) fn send(&mut self, id: u64, event: &str, data: &[u8]) -> Option<u32> {
        self.event.clear();
        self.encoder.encode(&mut self.event, id, event, data, None);
        self.chunk.clear();
        write_chunk_size(&mut self.chunk, self.event.len());
        self.chunk.extend_from_slice(&self.event);
        self.chunk.extend_from_slice(CHUNK_END);
        let mut nobody = Context::from_waker(Waker::noop());
        let written = Pin::new(&mut self.stream).poll_write(&mut nobody, &self.chunk);
        let is_whole = matches!(written, Poll::Ready(Ok(count)) if count == self.chunk.len());
        self.requests = self.requests.wrapping_add(1);
        is_whole.then_some(self.requests)
    }

    /// Ready when the plugin reads no further event: it has answered, or has closed the connection.
    pub(in crate::host) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut received = Vec::with_capacity(1);
        // Whatever comes is the end: a plugin answers only once the body has ended, or is refused.
        let _ = ready!(self.stream.poll_receive(cx, &mut received));
        Poll::Ready(())
    }
}
