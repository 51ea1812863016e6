//! The two ends of a connection, as its server sees them: what has come in, and the peer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Sleep, sleep};

use crate::http1::{Buffer, MAX_HEAD};
use crate::limits;
use crate::plugin::race::within;
use crate::transport::{Stream, has_hung_up};

/// A connection, and what has been read of it.
pub(super) struct Link {
    pub(super) stream: Stream,
    pub(super) incoming: Buffer,
}

/// When the peer's end is looked at next, where it cannot be read.
pub(super) type Glance = Option<Pin<Box<Sleep>>>;

impl Link {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, incoming: Buffer::default() }
    }

    /// Reads ahead until the peer goes. Behind a full head's worth of further requests there is
    /// no end to be read: then its end of the stream is looked at now and then.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>, glance: &mut Glance) -> Poll<()> {
        while let Ok(room) = self.incoming.room(MAX_HEAD) {
            match self.stream.poll_receive(cx, room) {
                Poll::Ready(Ok(count)) if count > 0 => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
        loop {
            let next = glance.get_or_insert_with(|| Box::pin(sleep(limits::HANGUP_POLL)));
            if next.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if has_hung_up(&self.stream) {
                return Poll::Ready(());
            }
            *glance = None;
        }
    }

    /// Ends the connection as a server does that has not read all there was: says that nothing
    /// more comes, and drops what the peer still sends, so that it sees what has been written.
    /// That goes on for so many bytes at most, and for as long as it does not pause for `idle`.
    pub(super) async fn linger(&mut self, mut most: usize, idle: Duration) {
        let mut dropped = Vec::with_capacity(MAX_HEAD);
        if self.stream.shutdown().await.is_err() {
            return;
        }
        while let Some(Ok(1..)) = within(idle, self.stream.receive(&mut dropped)).await {
            let Some(left) = most.checked_sub(dropped.len()) else { return };
            most = left;
            dropped.clear();
        }
    }

    /// Writes these parts, all of each. Of no use after an error, or once the future was
    /// dropped.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) where the peer takes nothing for `idle`, and what
    /// else the system says.
    pub(super) async fn write(
        &mut self,
        mut parts: &mut [IoSlice<'_>],
        idle: Duration,
    ) -> io::Result<()> {
        // Empty parts are no reason to write.
        IoSlice::advance_slices(&mut parts, 0);
        while !parts.is_empty() {
            let written = match within(idle, self.stream.write_vectored(parts)).await {
                Some(written) => written?,
                None => return Err(io::ErrorKind::TimedOut.into()),
            };
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            IoSlice::advance_slices(&mut parts, written);
        }
        Ok(())
    }
}
