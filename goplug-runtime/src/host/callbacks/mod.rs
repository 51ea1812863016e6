//! Callbacks from plugins: the registered handlers, and the stream on which callbacks arrive.
//!
//! For each instance, one task reads the stream and runs the handlers side by side. A handler
//! may register further callbacks, which opens the stream anew, and must not wait for itself.
//! Handlers run one at a time, in the order of the callbacks. While they are behind, the stream
//! is not read, and in the end the plugin waits.
//!
//! Each process that callbacks come from has a *generation*, a number that grows. Two processes
//! overlap during an upgrade. A registration waits for the current generation, that of the instance
//! that takes the calls. A process is known as a [`CallbackPeer`], since its activation may call
//! callbacks: they are registered before it.
//!
//! The plugin's calls of services of this host arrive on the same stream, and run in tasks of their
//! own: see `services`.
//!
//! The room imports `instance` and `connection`. Start reading at `registrations`, then
//! `stream` (or `polls`, for plugins of the original GoPlug) and `handler_loop`.

mod batch;
mod call_type;
mod confirmations;
mod handler_loop;
mod inbox;
mod peer;
mod polls;
mod registrations;
mod replies;
mod service_counter;
mod services;
mod stream;
mod targets;

use std::sync::Arc;

use batch::Batch;
use handler_loop::HandlerLoop;
use inbox::Inbox;

use crate::limits;
use crate::panic::{catch_panic, contained};
use crate::protocol::Dialect;

pub(in crate::host) use peer::CallbackPeer;
pub(in crate::host) use registrations::{Callbacks, Registration};
pub(in crate::host) use service_counter::{ServiceCounter, ServiceEnd};
pub(in crate::host) use targets::{ArrivedCall, ServiceReply, ServiceTarget, Services};

/// Receives the callbacks of a process under this generation and runs their handlers, until the
/// future is dropped. `on_missed` gets the number of callbacks that the plugin had discarded
/// before a broken stream was resumed; 0 if the number is not known.
pub(in crate::host) async fn serve(
    peer: Arc<CallbackPeer>,
    dialect: Dialect,
    callbacks: Arc<Callbacks>,
    generation: u64,
    on_missed: impl Fn(u64) + Send + Sync,
) {
    loop {
        let receiving = receive(&peer, dialect, &callbacks, generation, &on_missed);
        let Err(panic) = catch_panic(receiving).await else { return };
        let failure = format!("the task that receives the callbacks panicked: {panic}");
        let plugin = peer.id();
        contained(|| tracing::error!(target: "goplug::callbacks", %plugin, "{failure}"));
        callbacks.fail(generation, failure);
        contained(|| on_missed(0));
        tokio::time::sleep(limits::CALLBACK_RETRY_MAX).await;
    }
}

async fn receive(
    peer: &Arc<CallbackPeer>,
    dialect: Dialect,
    callbacks: &Callbacks,
    generation: u64,
    on_missed: impl Fn(u64) + Send,
) {
    let mut handler_loop = HandlerLoop::new(peer, callbacks);
    match dialect {
        Dialect::GoPlug1 => polls::serve(peer, callbacks, generation, &mut handler_loop).await,
        Dialect::GoPlug2 => {
            let inbox = Inbox::default();
            let reader = stream::StreamReader::new(peer, callbacks, generation, &inbox);
            let handlers = async {
                let mut batch = Batch::default();
                loop {
                    inbox.refill(&mut batch).await;
                    handler_loop.handle(&batch).await;
                }
            };
            inbox.drive(reader.run(on_missed), handlers).await;
        }
    }
}

#[cfg(test)]
mod tests;
