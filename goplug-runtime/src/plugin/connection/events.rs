//! A stream of callbacks: the body of a response that goes on for as long as both ends like.

use std::future::poll_fn;
use std::io::IoSlice;
use std::task::Poll;

use bytes::Bytes;
use tokio::time::sleep;

use super::link::Link;
use crate::http1::{CHUNK_END, LAST_CHUNK, write_chunk_size};
use crate::limits;
use crate::plugin::callbacks::CallbackEvents;
use crate::plugin::lifecycle::{Lifecycle, Phase};
use crate::plugin::race::{First, first};

/// Sends the events as they come, until there are no more. Whether the connection is still of
/// use: it is none where the peer goes, or takes what is left too slowly for a plugin that
/// stops.
pub(super) async fn send(
    link: &mut Link,
    mut events: CallbackEvents,
    lifecycle: &Lifecycle,
) -> bool {
    let too_late = async {
        lifecycle.reached(Phase::Closing).await;
        sleep(limits::FLUSH_TIMEOUT).await;
    };
    match first(send_all(link, &mut events), too_late).await {
        First::Left(sent) => sent.is_some(),
        First::Right(()) => false,
    }
}

/// `None` where the peer goes.
async fn send_all(link: &mut Link, events: &mut CallbackEvents) -> Option<()> {
    let mut size = Vec::new();
    while let Some(piece) = next_piece(link, events).await? {
        size.clear();
        write_chunk_size(&mut size, piece.len());
        let mut chunk = [&size, &piece[..], CHUNK_END].map(IoSlice::new);
        // How long a host may be behind is for those to say who call it.
        link.write(&mut chunk, limits::MAX_DURATION).await.ok()?;
    }
    link.write(&mut [IoSlice::new(LAST_CHUNK)], limits::FLUSH_TIMEOUT).await.ok()
}

/// The next piece, or that there is none; `None` where the peer goes.
async fn next_piece(link: &mut Link, events: &mut CallbackEvents) -> Option<Option<Bytes>> {
    let mut glance = None;
    poll_fn(|cx| match events.poll_piece(cx) {
        Poll::Ready(piece) => Poll::Ready(Some(piece)),
        Poll::Pending => link.poll_gone(cx, &mut glance).map(|()| None),
    })
    .await
}
