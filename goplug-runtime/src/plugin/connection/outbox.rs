//! Responses that have not been written yet: small ones are joined, large ones are not copied.

use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::Bytes;

use super::buffered_stream::BufferedStream;
use crate::http1::{BodyLength, FLATTEN_LIMIT, ResponseHead, write_response_head};
use crate::plugin::response::ResponseGuard;
use crate::protocol::parts::Multipart;

/// [`wire::STATUS_GIVEN_BACK`](crate::protocol::wire::STATUS_GIVEN_BACK).
const GIVEN_BACK: &[u8] = b"HTTP/1.1 102 Processing\r\n\r\n";

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Responses that have not been written yet.
#[derive(Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    /// A large body, or the pieces of one, which are written after `bytes`.
    large: Bytes,
    more: Vec<Bytes>,
    guards: Vec<ResponseGuard>,
}

impl Outbox {
    /// Adds a response. Its guard is dropped once the response has been written.
    pub(super) fn push(&mut self, head: ResponseHead<'_>, body: Bytes, guard: ResponseGuard) {
        let length = BodyLength::Known(body.len() as u64);
        write_response_head(&mut self.bytes, ResponseHead { length, ..head });
        if body.len() <= FLATTEN_LIMIT {
            self.bytes.extend_from_slice(&body);
        } else {
            self.large = body;
        }
        self.guards.push(guard);
    }

    /// Adds a response whose body has several pieces.
    pub(super) fn push_pieces(
        &mut self,
        head: ResponseHead<'_>,
        body: &Multipart,
        guard: ResponseGuard,
    ) {
        let length = BodyLength::Known(body.length() as u64);
        write_response_head(&mut self.bytes, ResponseHead { length, ..head });
        let mut pieces = body.pieces.iter();
        // Behind the head, so that one write sends both.
        if let Some(first) = pieces.next() {
            self.bytes.extend_from_slice(first);
        }
        self.large = pieces.next().cloned().unwrap_or_default();
        self.more = pieces.cloned().collect();
        self.guards.push(guard);
    }

    /// Adds the head of a stream of events.
    pub(super) fn push_stream(&mut self, head: ResponseHead<'_>) {
        let length = BodyLength::Unknown;
        write_response_head(&mut self.bytes, ResponseHead { length, ..head });
    }

    /// Adds an interim response that gives back the requests after the current one.
    pub(super) fn push_given_back(&mut self) {
        self.bytes.extend_from_slice(GIVEN_BACK);
    }

    /// Adds an interim response that asks the peer to send the body that it has announced.
    pub(super) fn push_continue(&mut self) {
        self.bytes.extend_from_slice(CONTINUE);
    }

    /// Whether the outbox has to be written before more is added.
    pub(super) fn is_full(&self) -> bool {
        !self.large.is_empty() || self.bytes.len() >= FLATTEN_LIMIT
    }

    /// Writes everything. After an error, or if the future is dropped, the connection must not be
    /// used any more.
    ///
    /// # Errors
    /// As [`BufferedStream::write`].
    pub(super) async fn flush(
        &mut self,
        stream: &mut BufferedStream,
        idle: Duration,
    ) -> io::Result<()> {
        stream.write(&mut [&self.bytes, &self.large[..]].map(IoSlice::new), idle).await?;
        if !self.more.is_empty() {
            let mut more: Vec<_> = self.more.iter().map(|piece| IoSlice::new(piece)).collect();
            stream.write(&mut more, idle).await?;
            self.more.clear();
        }
        self.bytes.clear();
        self.large.clear();
        self.guards.clear();
        Ok(())
    }
}
