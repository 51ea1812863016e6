//! The server's task: accepts connections until the plugin is to stop, and then ends in order.

use std::future::pending;
use std::io::Write;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::Files;
use super::connections::Connections;
use crate::limits;
use crate::panic::catch_panic;
use crate::plugin::lifecycle::Phase;
use crate::plugin::request_handler::RequestHandler;
use crate::plugin::select::{Either, join, select, within};
use crate::plugin::stop_times::StopLimits;
use crate::transport::Listener;

/// How long accepting pauses after an error of the system, which mostly means that there are too
/// many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Marks the server as stopped when its task ends, even by an abort or a panic, so that every
/// [`PluginServer::stopped`](super::PluginServer::stopped) returns.
struct StopOnDrop(Arc<RequestHandler>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lifecycle().fail();
        }
        self.0.hub().close();
        self.0.lifecycle().advance(Phase::Stopped);
    }
}

/// Serves on `listener` until the plugin has stopped. Then the files are removed.
pub(super) async fn run(handler: Arc<RequestHandler>, listener: Listener, files: Arc<Files>) {
    let stop = StopOnDrop(handler.clone());
    let mut connections = Connections::default();
    let serving = join(deactivate(&handler), accept(&listener, &handler, &mut connections));
    // A panic on the way, such as that of a value that a hook drops, must not skip the rest.
    if let Either::Left(Err(panic)) = select(catch_panic(wind_down(&handler)), serving).await {
        report(&handler, &format!("panicked: {panic}"));
    }
    files.remove_pconf();
    drop(listener);
    let lifecycle = handler.lifecycle();
    lifecycle.advance(Phase::Drained);
    let _ = within(limits::FLUSH_TIMEOUT, pin!(lifecycle.stop_requests_answered())).await;
    handler.hub().close();
    lifecycle.advance(Phase::Closing);
    let all_ended = async { while connections.one_ended().await {} };
    let _ = within(limits::FLUSH_TIMEOUT * 2, pin!(all_ended)).await;
    connections.shutdown().await;
    drop(stop);
}

/// Accepts connections. Never ready.
async fn accept(listener: &Listener, handler: &Arc<RequestHandler>, connections: &mut Connections) {
    loop {
        connections.make_room().await;
        match select(listener.accept(), reap_one(connections)).await {
            Either::Left(Ok((stream, peer))) if peer.is_trusted() => {
                connections.serve(stream, handler);
            }
            Either::Left(Ok(_)) | Either::Right(()) => {}
            Either::Left(Err(_)) => {
                connections.end_idlest();
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Waits until one connection ends. Never ready if there is none.
async fn reap_one(connections: &mut Connections) {
    if !connections.one_ended().await {
        pending::<()>().await;
    }
}

/// Runs the stop hook whenever the last attached host is gone. Never ready.
async fn deactivate(handler: &RequestHandler) {
    loop {
        let _guard = handler.lifecycle().deactivation().await;
        (handler.settings().before_stop_hook)(false);
        let hook = stop_hook(handler);
        if within(stop_limits(handler).hook, pin!(hook)).await.is_err() {
            report(handler, "took too long");
        }
    }
}

/// Waits until the plugin is to stop, and then until nothing is in flight any more.
async fn wind_down(handler: &RequestHandler) {
    let lifecycle = handler.lifecycle();
    lifecycle.reached(Phase::Stopping).await;
    (handler.settings().before_stop_hook)(true);
    let hook = async {
        if lifecycle.was_activated() {
            stop_hook(handler).await;
        }
    };
    let StopLimits { hook: for_hook, calls, flush } = stop_limits(handler);
    let calls = async {
        if within(calls, pin!(lifecycle.none_in_flight())).await.is_err() {
            lifecycle.advance(Phase::CuttingOff);
            let _ = within(flush, pin!(lifecycle.none_in_flight())).await;
        }
    };
    let hook = async {
        let _ = within(for_hook, pin!(hook)).await;
    };
    join(hook, calls).await;
}

fn stop_limits(handler: &RequestHandler) -> StopLimits {
    handler.lifecycle().stop_limits(handler.settings().stop_timeout)
}

/// Runs the stop hook, and reports its fault.
async fn stop_hook(handler: &RequestHandler) {
    let definition = handler.definition();
    let outcome =
        catch_panic(async { handler.in_context(definition.hooks.run_stop()).await }).await;
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => report(handler, &format!("failed: {error:#}")),
        Err(panic) => report(handler, &format!("panicked: {panic}")),
    }
}

fn report(handler: &RequestHandler, fault: &str) {
    let id = &handler.definition().id;
    // The host reads standard error line by line. If it is gone, nobody is left to tell.
    let _ = writeln!(std::io::stderr(), "{id}: the stop hook {fault}");
}
