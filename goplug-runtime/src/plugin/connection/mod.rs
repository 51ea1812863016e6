//! One connection, from its first byte to its end.
//!
//! Ordinary requests, which are nearly all, are read and answered by goplug's own codec, and so
//! are the streams of callbacks that some of them open. With the first request of another kind,
//! such as one by HTTP/1.0, the connection goes over to hyper, with what has been read of it,
//! and stays there; or it ends with a refusal, where the feature `hyper` is not there.

mod asked;
#[cfg(feature = "hyper")]
mod by_hyper;
mod events;
mod link;
mod ordinary;
mod outbox;

use std::sync::Arc;

#[cfg(feature = "hyper")]
use bytes::Bytes;

use self::link::Link;
use self::ordinary::{Next, Ordinary};
use super::lifecycle::Phase;
use super::race::{First, first};
use super::service::Service;
use crate::transport::Stream;

/// Serves one connection until its peer or the plugin ends it.
pub(super) async fn serve(stream: Stream, service: Arc<Service>, id: u64) {
    let lifecycle = service.lifecycle().clone();
    let _registrations = service.connected(id);
    let mut ordinary = Ordinary::new(Link::new(stream), &service, id);
    loop {
        match first(ordinary.serve(), lifecycle.reached(Phase::Closing)).await {
            First::Left(Next::Events(events)) => {
                if !events::send(&mut ordinary.link, events, &lifecycle).await {
                    return;
                }
            }
            First::Left(Next::Other) => break,
            // By now every answer has been written.
            First::Left(Next::End) | First::Right(()) => return,
        }
    }
    #[cfg(feature = "hyper")]
    {
        let Link { stream, incoming } = ordinary.link;
        let read = Bytes::copy_from_slice(incoming.filled());
        by_hyper::serve(stream, read, service, id).await;
    }
    #[cfg(not(feature = "hyper"))]
    {
        let refusal = ordinary.refuse_head();
        first(refusal, lifecycle.reached(Phase::Closing)).await;
    }
}
