//! Answers on their way out: small ones are joined, large ones are not copied.

use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;

use crate::http1::{JOINED, write_response_head};
use crate::plugin::answer::Ticket;
use crate::plugin::race::within;
use crate::transport::Stream;

/// [`wire::STATUS_GIVEN_BACK`](crate::protocol::wire::STATUS_GIVEN_BACK).
const GIVEN_BACK: &[u8] = b"HTTP/1.1 102 Processing\r\n\r\n";

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
    pub(super) fn push(
        &mut self,
        status: u16,
        media_type: &str,
        protocol: bool,
        body: Bytes,
        ticket: Ticket,
    ) {
        write_response_head(&mut self.bytes, status, media_type, protocol, body.len());
        if body.len() <= JOINED {
            self.bytes.extend_from_slice(&body);
        } else {
            self.large = body;
        }
        self.tickets.push(ticket);
    }

    /// Adds an interim response: the requests behind the one that is being answered are given
    /// back.
    pub(super) fn push_given_back(&mut self) {
        self.bytes.extend_from_slice(GIVEN_BACK);
    }

    /// Whether it is to be written before anything is added.
    pub(super) fn is_full(&self) -> bool {
        !self.large.is_empty() || self.bytes.len() >= JOINED
    }

    /// Writes everything. Of no use after an error, or once the future was dropped.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) where the peer takes nothing for `idle`, and what
    /// else the system says.
    pub(super) async fn flush(&mut self, stream: &mut Stream, idle: Duration) -> io::Result<()> {
        let mut parts = [IoSlice::new(&self.bytes), IoSlice::new(&self.large)];
        let mut left = &mut parts[..];
        // Empty parts are no reason to write.
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            let written = match within(idle, stream.write_vectored(left)).await {
                Some(written) => written?,
                None => return Err(io::ErrorKind::TimedOut.into()),
            };
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            IoSlice::advance_slices(&mut left, written);
        }
        self.bytes.clear();
        self.large.clear();
        self.tickets.clear();
        Ok(())
    }
}
