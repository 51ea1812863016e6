//! Answers on their way out: small ones are joined, large ones are not copied.

use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::Bytes;

use super::link::Link;
use crate::http1::{BodyLength, FLATTEN_LIMIT, ResponseHead, write_response_head};
use crate::plugin::answer::Ticket;

/// [`wire::STATUS_GIVEN_BACK`](crate::protocol::wire::STATUS_GIVEN_BACK).
const GIVEN_BACK: &[u8] = b"HTTP/1.1 102 Processing\r\n\r\n";

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Answers that have not been written yet.
#[derive(Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    /// Goes behind the rest.
    large: Bytes,
    tickets: Vec<Ticket>,
}

impl Outbox {
    /// Adds an answer. Its ticket lasts until it has been written.
    pub(super) fn push(&mut self, head: ResponseHead<'_>, body: Bytes, ticket: Ticket) {
        let length = BodyLength::Known(body.len() as u64);
        write_response_head(&mut self.bytes, ResponseHead { length, ..head });
        if body.len() <= FLATTEN_LIMIT {
            self.bytes.extend_from_slice(&body);
        } else {
            self.large = body;
        }
        self.tickets.push(ticket);
    }

    /// Adds the head of a stream of events.
    pub(super) fn push_stream(&mut self, head: ResponseHead<'_>) {
        let length = BodyLength::Unknown;
        write_response_head(&mut self.bytes, ResponseHead { length, ..head });
    }

    /// Adds an interim response: the requests behind the one that is being answered are given
    /// back.
    pub(super) fn push_given_back(&mut self) {
        self.bytes.extend_from_slice(GIVEN_BACK);
    }

    /// Adds an interim response: the peer is to go on with the body that it has announced.
    pub(super) fn push_continue(&mut self) {
        self.bytes.extend_from_slice(CONTINUE);
    }

    /// Whether it is to be written before anything is added.
    pub(super) fn is_full(&self) -> bool {
        !self.large.is_empty() || self.bytes.len() >= FLATTEN_LIMIT
    }

    /// Writes everything. Of no use after an error, or once the future was dropped.
    ///
    /// # Errors
    /// As [`Link::write`].
    pub(super) async fn flush(&mut self, link: &mut Link, idle: Duration) -> io::Result<()> {
        link.write(&mut [&self.bytes, &self.large[..]].map(IoSlice::new), idle).await?;
        self.bytes.clear();
        self.large.clear();
        self.tickets.clear();
        Ok(())
    }
}
