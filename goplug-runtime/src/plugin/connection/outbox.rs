//! Answers on their way out: small ones are joined, large ones are not copied.

use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::Bytes;

use super::link::Link;
use crate::http1::{BodyLength, JOINED, ResponseHead, write_response_head};
use crate::plugin::answer::Ticket;

/// [`wire::STATUS_GIVEN_BACK`](crate::protocol::wire::STATUS_GIVEN_BACK).
const GIVEN_BACK: &[u8] = b"HTTP/1.1 102 Processing\r\n\r\n";

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What an answer says before its body.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) media_type: &'static str,
    pub(super) protocol: bool,
    /// Whether the connection ends behind it.
    pub(super) close: bool,
}

/// Answers that have not been written yet.
#[derive(Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    /// Goes behind the rest.
    large: Bytes,
    tickets: Vec<Ticket>,
}

impl Outbox {
    /// Adds an answer, which may be the last. Its ticket lasts until it has been written.
    pub(super) fn push(&mut self, head: Head, body: Bytes, ticket: Ticket) {
        self.push_head(head, BodyLength::Of(body.len() as u64));
        if body.len() <= JOINED {
            self.bytes.extend_from_slice(&body);
        } else {
            self.large = body;
        }
        self.tickets.push(ticket);
    }

    /// Adds the head of a stream of events.
    pub(super) fn push_stream(&mut self, head: Head) {
        self.push_head(head, BodyLength::Open);
    }

    fn push_head(&mut self, head: Head, length: BodyLength) {
        let Head { status, media_type, protocol, close } = head;
        let head = ResponseHead { status, media_type, protocol, length, close };
        write_response_head(&mut self.bytes, head);
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
        !self.large.is_empty() || self.bytes.len() >= JOINED
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
