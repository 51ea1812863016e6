//! The server's task: accepts connections until the plugin is to stop, and then ends in order.

use std::io::Write;
use std::pin::pin;
use std::sync::Arc;

use super::Files;
use super::accept::Accept;
use super::connections::Connections;
use crate::limits;
use crate::panic::catch_panic;
use crate::plugin::lifecycle::Phase;
use crate::plugin::request_handler::RequestHandler;
use crate::plugin::select::{Either, join, select, within};
use crate::plugin::stop_times::StopLimits;

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

/// Serves what comes in until the plugin has stopped. Then the files are removed.
pub(super) async fn run(
    handler: Arc<RequestHandler>,
    mut listener: Box<dyn Accept>,
    files: Arc<Files>,
) {
    let stop = StopOnDrop(handler.clone());
    let mut connections = Connections::default();
    let serving = join(deactivate(&handler), listener.accept(&handler, &mut connections));
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
