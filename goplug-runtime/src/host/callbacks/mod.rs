//! Callbacks in: who handles what, and the one stream on which they come.
//!
//! One task for each instance reads the stream and runs the handlers, side by side: a handler
//! may register further callbacks, which opens the stream anew, and must not wait for itself.
//! Handlers run one after the other, in the order of the events; while they are behind, the
//! stream is not read, and the plugin waits.
//!
//! The room imports `instance` and `connection`. Start reading at `registrations`, then
//! `stream` (or `polls`, for plugins of the original GoPlug) and `handler_loop`.

mod batch;
mod handler_loop;
mod inbox;
mod polls;
mod registrations;
mod stream;

use std::sync::Arc;

use batch::Batch;
use handler_loop::HandlerLoop;
use inbox::Inbox;

use crate::host::instance::Instance;
use crate::protocol::Dialect;

pub(in crate::host) use registrations::Callbacks;

/// Serves the callbacks of an instance, whose generation this is, until it is dropped. `missed`
/// is told the number of callbacks that the plugin no longer held.
pub(in crate::host) async fn serve(
    instance: Arc<Instance>,
    callbacks: Arc<Callbacks>,
    generation: u64,
    missed: impl Fn(u64) + Send,
) {
    let mut handler_loop = HandlerLoop::new(&instance, &callbacks);
    match instance.dialect() {
        Dialect::GoPlug1 => {
            polls::serve(&instance, &callbacks, generation, &mut handler_loop).await
        }
        Dialect::GoPlug2 => {
            let inbox = Inbox::default();
            let receiver = stream::Receiver::new(&instance, &callbacks, generation, &inbox);
            let handlers = async {
                let mut batch = Batch::default();
                loop {
                    inbox.take(&mut batch).await;
                    handler_loop.handle(&batch).await;
                }
            };
            inbox.run(receiver.run(missed), handlers).await;
        }
    }
}
