//! A body that comes piece by piece: what streams of callbacks and streamed results have in common.

use std::future::poll_fn;
use std::task::{Context, Poll};

use tokio::time::sleep;

use super::buffered_stream::{BufferedStream, Closed};
use crate::limits;
use crate::plugin::lifecycle::{Lifecycle, Phase};
use crate::plugin::select::{Either, select};

/// Sends a body. Once the plugin has reached this phase, the peer has [`limits::FLUSH_TIMEOUT`] to take
/// the rest.
///
/// # Errors
/// As `sent`, and [`Closed`] if the peer is too slow.
pub(super) async fn in_time(
    lifecycle: &Lifecycle,
    phase: Phase,
    sent: impl Future<Output = Result<(), Closed>>,
) -> Result<(), Closed> {
    let too_slow = async {
        lifecycle.reached(phase).await;
        sleep(limits::FLUSH_TIMEOUT).await;
    };
    match select(sent, too_slow).await {
        Either::Left(sent) => sent,
        Either::Right(()) => Err(Closed),
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
