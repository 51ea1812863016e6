//! One connection, from its first byte to its end.
//!
//! Ordinary requests, which are nearly all, are read and answered by goplug's own codec. With
//! the first one of another kind, such as one that opens a stream of callbacks, the
//! connection goes over to hyper, with what has been read of it, and stays there.

mod by_hyper;
mod ordinary;
mod outbox;

use std::sync::Arc;

use self::ordinary::{Next, Ordinary};
use super::lifecycle::Phase;
use super::race::{First, first};
use super::service::Service;
use crate::transport::Stream;

/// Serves one connection until its peer or the plugin ends it.
pub(super) async fn serve(stream: Stream, service: Arc<Service>, id: u64) {
    let lifecycle = service.lifecycle().clone();
    let _registrations = service.connected(id);
    let requests = Ordinary::new(stream, &service, id).serve();
    let next = match first(requests, lifecycle.reached(Phase::Closing)).await {
        First::Left(next) => next,
        // By now every answer has been written.
        First::Right(()) => Next::End,
    };
    if let Next::Other { stream, read } = next {
        by_hyper::serve(stream, read, service, id).await;
    }
}
