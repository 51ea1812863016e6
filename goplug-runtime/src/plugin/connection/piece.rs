//! A body that comes piece by piece: what streams of callbacks and streamed results have in common.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::sleep;

use super::buffered_stream::{BufferedStream, Closed};
use crate::limits;
use crate::plugin::lifecycle::{Lifecycle, Phase};
use crate::plugin::select::{Either, select, yield_to_runtime};

/// Sends a body. Once the plugin has reached this phase, the peer has this long to take the rest.
///
/// # Errors
/// As `sent`, and [`Closed`] if the peer is too slow.
pub(super) async fn in_time(
    lifecycle: &Lifecycle,
    (phase, flush): (Phase, impl FnOnce() -> Duration),
    sent: impl Future<Output = Result<(), Closed>>,
) -> Result<(), Closed> {
    let too_slow = async {
        lifecycle.reached(phase).await;
        sleep(flush()).await;
    };
    match select(sent, too_slow).await {
        Either::Left(sent) => sent,
        Either::Right(()) => Err(Closed),
    }
}

/// The pieces that have been there when they were asked for. Neither making nor writing them may ever wait,
/// so the connection lets other tasks have a turn. Then a stop is noticed as well.
#[derive(Debug, Default)]
pub(super) struct Burst(usize);

impl Burst {
    /// Notes whether a piece is there.
    pub(super) fn note<T>(&mut self, piece: Poll<T>) -> Poll<T> {
        if piece.is_pending() {
            self.0 = 0;
        }
        piece
    }

    /// Goes on to the next piece, if [`limits::STREAM_BURST`] are through after a pause.
    pub(super) async fn next(&mut self) {
        self.0 += 1;
        if self.0 > limits::STREAM_BURST {
            self.0 = 0;
            yield_to_runtime().await;
        }
    }
}

/// Waits for the next piece. Meanwhile the connection listens to its peer.
///
/// # Errors
/// [`Closed`] if the peer hangs up.
pub(super) async fn next<T>(
    stream: &mut BufferedStream,
    mut poll_piece: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Result<T, Closed> {
    let mut hangup_timer = None;
    poll_fn(|cx| match poll_piece(cx) {
        Poll::Ready(piece) => Poll::Ready(Ok(piece)),
        Poll::Pending => stream.poll_gone(cx, &mut hangup_timer).map(|()| Err(Closed)),
    })
    .await
}
