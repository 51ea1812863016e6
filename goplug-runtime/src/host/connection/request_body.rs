//! The body of a request that is a stream of items: it is written as its items come.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::task::yield_now;

use super::error::SendError;
use crate::http1::{CHUNK_END, LAST_CHUNK, write_chunk_size, write_sender_error};
use crate::limits;
use crate::transport::Stream;
use crate::typed::{RequestItems, RequestPiece};

/// What follows the last data of a body.
const LAST_DATA_END: &[u8] = b"\r\n0\r\n\r\n";

/// The body of a request, of which a part may have been sent.
#[derive(Debug)]
pub(in crate::host) struct RequestBody {
    items: RequestItems,
    /// What comes before the items: an event, or nothing.
    first: Bytes,
    chunk: Chunk,
    progress: BodyProgress,
    /// How many bytes have been sent.
    sent: u64,
}

/// How far a body has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyProgress {
    /// Further items may come.
    Open,
    /// There are no further items.
    Last,
    /// There are none, since the caller's stream has failed. The body says so, and has no end.
    GaveUp,
}

/// What is being written.
#[derive(Debug, Default)]
struct Chunk {
    /// What comes before the data.
    head: Vec<u8>,
    data: Bytes,
    end: &'static [u8],
    sent: usize,
}

/// How sending has ended in a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    All,
    /// There is something to read.
    Interrupted,
}

/// What a body waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// For room in the socket.
    Socket,
    /// For an item.
    Item,
}

impl Chunk {
    fn is_sent(&self) -> bool {
        self.sent == self.head.len() + self.data.len() + self.end.len()
    }

    /// What has not been sent.
    fn rest(&self) -> [IoSlice<'_>; 3] {
        let mut skipped = self.sent;
        [&self.head[..], &self.data, self.end].map(|part| {
            let skip = skipped.min(part.len());
            skipped -= skip;
            IoSlice::new(&part[skip..])
        })
    }

    /// Replaces a chunk that has been sent by one of no length.
    fn clear(&mut self) {
        self.head.clear();
        (self.data, self.end, self.sent) = (Bytes::new(), &[], 0);
    }

    fn begin(&mut self, data: Bytes, end: &'static [u8]) {
        if !data.is_empty() {
            write_chunk_size(&mut self.head, data.len());
        }
        (self.data, self.end, self.sent) = (data, end, 0);
    }
}

impl RequestBody {
    /// A body of these items, before which this comes.
    pub(in crate::host) fn new(items: RequestItems, first: Bytes) -> Self {
        Self { items, first, chunk: Chunk::default(), progress: BodyProgress::Open, sent: 0 }
    }

    /// The items, and what comes before them, for a sender with a framing of its own.
    #[cfg(feature = "remote")]
    pub(super) fn parts(&self) -> (RequestItems, Bytes) {
        (self.items.clone(), self.first.clone())
    }

    /// Begins the request, whose head this is. If nothing was sent of an earlier beginning, this is
    /// another one.
    pub(super) fn begin(&mut self, head: &[u8]) {
        self.chunk.head = head.to_vec();
        if self.chunk.data.is_empty() && self.progress == BodyProgress::Open {
            let first = self.first.clone();
            let end = if first.is_empty() { &[] } else { CHUNK_END };
            self.chunk.begin(first, end);
        } else {
            let data = std::mem::take(&mut self.chunk.data);
            self.chunk.begin(data, self.chunk.end);
        }
    }

    /// Whether everything has been sent.
    pub(super) fn is_sent(&self) -> bool {
        self.progress != BodyProgress::Open && self.chunk.is_sent()
    }

    /// Whether another request may follow in the connection.
    pub(super) fn is_complete(&self) -> bool {
        self.progress == BodyProgress::Last && self.chunk.is_sent()
    }

    /// Whether nothing has been sent.
    pub(super) fn is_unsent(&self) -> bool {
        self.sent == 0
    }

    /// How many bytes have been sent, with the head of the request.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// What can be sent now; `None` if the next chunk has to be made first.
    pub(super) fn rest(&self) -> Option<[IoSlice<'_>; 3]> {
        (!self.chunk.is_sent()).then(|| self.chunk.rest())
    }

    /// Notes that this many bytes of it have been sent.
    pub(super) fn note_sent(&mut self, count: usize) {
        self.chunk.sent += count;
        self.sent += count as u64;
    }

    /// What it waits for, after it was not ready.
    pub(super) fn waiting(&self) -> Waiting {
        if self.chunk.is_sent() { Waiting::Item } else { Waiting::Socket }
    }

    /// Writes until everything has been sent. If the items are always ready, the peer may have answered
    /// meanwhile, and other tasks may be due: after [`limits::STREAM_BURST`] pieces it is not ready, and
    /// wakes its task once these had a turn.
    ///
    /// # Errors
    /// [`SendError::Items`] if an item cannot be sent; otherwise the system's error.
    pub(super) fn poll_send(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendError>> {
        for _ in 0..limits::STREAM_BURST {
            while let Some(parts) = self.rest() {
                match ready!(Pin::new(&mut *stream).poll_write_vectored(cx, &parts))? {
                    0 => return Poll::Ready(Err(io::Error::from(ErrorKind::WriteZero).into())),
                    count => self.note_sent(count),
                }
            }
            if self.progress != BodyProgress::Open {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_chunk(cx))?;
        }
        // The runtime looks for what has arrived before it wakes the task.
        pin!(yield_now()).poll(cx).map(Ok)
    }

    /// Makes the next chunk, after the one before it has been sent.
    ///
    /// # Errors
    /// [`SendError::Items`] if an item cannot be sent.
    pub(super) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        // Its memory can be used for the next piece.
        self.chunk.clear();
        match ready!(self.items.poll_piece(cx)) {
            RequestPiece::Data(data) => self.chunk.begin(data, CHUNK_END),
            RequestPiece::Last(data) => {
                let end = if data.is_empty() { LAST_CHUNK } else { LAST_DATA_END };
                self.chunk.begin(data, end);
                self.progress = BodyProgress::Last;
            }
            RequestPiece::GaveUp(problem) => {
                let problem = problem.within(limits::MAX_TRAILER);
                write_sender_error(&mut self.chunk.head, &problem.to_json());
                self.progress = BodyProgress::GaveUp;
            }
            RequestPiece::Failed(error) => {
                return Poll::Ready(Err(SendError::Items(Box::new(error))));
            }
        }
        Poll::Ready(Ok(()))
    }
}
