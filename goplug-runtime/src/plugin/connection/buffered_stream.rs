//! A connection's stream, and the bytes that have been read from it and not used yet.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Sleep, sleep};

use crate::http1::{Buffer, MAX_HEAD};
use crate::limits;
use crate::plugin::definition::Settings;
use crate::plugin::select::lazy_timeout;
use crate::transport::{Stream, is_peer_closed};

/// After how long without a byte a peer counts as having sent everything that was on its way.
const SENT_EVERYTHING: Duration = Duration::from_millis(100);

/// A stream, and what has been read from it.
pub(super) struct BufferedStream {
    pub(super) stream: Stream,
    pub(super) incoming: Buffer,
}

/// The connection cannot be used any more: its peer has hung up or misbehaved, or has got the last
/// response.
pub(super) struct Closed;

impl From<io::Error> for Closed {
    /// A peer's mistake ends its own connection, and nobody else needs to know what it was.
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// When [`BufferedStream::poll_gone`] asks the system next whether the peer has hung up.
pub(super) type HangupTimer = Option<Pin<Box<Sleep>>>;

impl BufferedStream {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, incoming: Buffer::default() }
    }

    /// Waits until the peer hangs up, and reads further requests meanwhile, to notice that. Once
    /// [`MAX_HEAD`] bytes have been read, it reads no more, and asks the system from time to time
    /// instead.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>, timer: &mut HangupTimer) -> Poll<()> {
        while let Ok(room) = self.incoming.room(MAX_HEAD) {
            match self.stream.poll_receive(cx, room) {
                Poll::Ready(Ok(count)) if count > 0 => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
        loop {
            let next = timer.get_or_insert_with(|| Box::pin(sleep(limits::HANGUP_POLL)));
            if next.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if is_peer_closed(&self.stream) {
                return Poll::Ready(());
            }
            *timer = None;
        }
    }

    /// Ends the connection although the peer is still sending: shuts down the writing half, then
    /// reads and drops further bytes, so that the peer sees the last response.
    ///
    /// Reads at most twice what a body may have, and stops if nothing comes for as long as a peer may
    /// pause. Where one half cannot be shut down alone, it stops as soon as nothing comes: a peer that has sent
    /// everything waits for the end, which is that of both halves.
    pub(super) async fn linger(&mut self, settings: &Settings) {
        let Settings { body_limit, mut peer_idle, .. } = *settings;
        if !Stream::HAS_HALVES {
            peer_idle = peer_idle.min(SENT_EVERYTHING);
        }
        // A peer that sends twice what is allowed will not read a response either.
        let mut limit = body_limit.saturating_mul(2);
        let mut dropped = Vec::with_capacity(MAX_HEAD);
        if self.stream.shutdown().await.is_err() {
            return;
        }
        while let Some(Ok(1..)) = lazy_timeout(peer_idle, self.stream.receive(&mut dropped)).await {
            let Some(left) = limit.checked_sub(dropped.len()) else { return };
            limit = left;
            dropped.clear();
        }
    }

    /// Writes all of these parts. After an error, or if the future is dropped, the connection must
    /// not be used any more.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) if the peer takes nothing for `idle`, and any error
    /// of the system.
    pub(super) async fn write(
        &mut self,
        mut parts: &mut [IoSlice<'_>],
        idle: Duration,
    ) -> io::Result<()> {
        // Skips empty parts, so that nothing is written if all are empty.
        IoSlice::advance_slices(&mut parts, 0);
        while !parts.is_empty() {
            let written = match lazy_timeout(idle, self.stream.write_vectored(parts)).await {
                Some(written) => written?,
                None => return Err(io::ErrorKind::TimedOut.into()),
            };
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            IoSlice::advance_slices(&mut parts, written);
        }
        // The peer gets all of it even if the process ends now.
        match lazy_timeout(idle, self.stream.flush()).await {
            Some(flushed) => flushed,
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}
