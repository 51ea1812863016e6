//! Callbacks in: who handles what, and the one stream on which they come.
//!
//! One task for each running plugin reads the stream and runs the handlers, side by
//! side: a handler may register further callbacks, which opens the stream anew, and
//! must not wait for itself. Handlers run one after the other, in the order of the
//! events; while they are behind, the stream is not read, and the plugin waits.

mod batch;
mod handle;
mod inbox;
mod legacy;
mod receive;
mod table;

use std::sync::Arc;

use super::service::{Dialect, Service};
use batch::Batch;
use handle::Handling;
use inbox::Inbox;

pub(super) use table::Callbacks;

/// Serves the callbacks of the run with this number until it is dropped. `missed` is told
/// of callbacks that the plugin no longer held.
pub(super) async fn serve(
    service: Arc<Service>,
    callbacks: Arc<Callbacks>,
    run: u64,
    missed: impl Fn(u64) + Send,
) {
    let mut handling = Handling::new(&service, &callbacks);
    match service.dialect() {
        Dialect::GoPlug1 => legacy::serve(&service, &callbacks, run, &mut handling).await,
        Dialect::GoPlug2 => {
            let inbox = Inbox::default();
            let receiver = receive::Receiver::new(&service, &callbacks, run, &inbox);
            let handlers = async {
                let mut batch = Batch::default();
                loop {
                    inbox.take(&mut batch).await;
                    handling.handle(&batch).await;
                }
            };
            inbox.run(receiver.run(missed), handlers).await;
        }
    }
}
