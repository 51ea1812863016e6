//! Callbacks in: who handles what, and the one stream on which they come.
//!
//! One task for each running plugin reads the stream and runs the handlers, side by
//! side: a handler may register further callbacks, which opens the stream anew, and
//! must not wait for itself. Handlers run one after the other, in the order of the
//! events; while they are behind, the stream is not read, and the plugin waits.

mod handle;
mod legacy;
mod receive;
mod table;

use std::sync::Arc;

use tokio::sync::mpsc;

use super::service::{Dialect, Service};
use crate::limits;
use crate::typed::CallbackEvent;

pub(super) use table::Callbacks;

/// A callback that has been read and not yet handled.
pub(super) struct Arrival {
    pub(super) name: String,
    pub(super) event: CallbackEvent,
    /// The event's id, where its handler's answer goes back.
    pub(super) answer_to: Option<u64>,
}

/// Serves the callbacks of the run with this number until it is dropped. `missed` is told
/// of callbacks that the plugin no longer held.
pub(super) async fn serve(
    service: Arc<Service>,
    callbacks: Arc<Callbacks>,
    run: u64,
    missed: impl Fn(u64) + Send,
) {
    let (arrivals, queue) = mpsc::channel(limits::CALLBACK_BACKLOG);
    let handling = handle::run(&service, &callbacks, queue);
    match service.dialect() {
        Dialect::GoPlug1 => {
            tokio::join!(legacy::receive(&service, &callbacks, run, arrivals), handling);
        }
        Dialect::GoPlug2 => {
            let receiver = receive::Receiver::new(&service, &callbacks, run);
            tokio::join!(receiver.run(arrivals, missed), handling);
        }
    }
}
