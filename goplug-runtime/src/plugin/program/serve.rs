//! Serving until there is a reason to stop, and then ending the process in any case.
//!
//! A plugin that a host has started never outlives it. Two reasons to stop must not be missed: the host's end and
//! a signal. A separate thread, the watchdog, waits for them, since a handler that blocks may hold
//! the runtime's only thread. The watchdog asks for a stop, waits for as long as the stop may take,
//! and then ends the process.
//!
//! Starting this thread takes longer than all the rest of an activation. So it is started only
//! once the host has its answer, unless the plugin has an activation hook. Until then no code of
//! the plugin's own can block the runtime, so the runtime itself waits for the host's end; and a
//! signal ends the process at once. If there is no stop hook, and the system ends the process
//! together with its host, the thread is started only after the first calls: until then a
//! signal still ends the process at once, and cuts off what is in flight.

use std::io::Write;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use super::runtime::Options;
use crate::error::{Error, Result};
use crate::panic::catch;
use crate::plugin::builder::ServerBuilder;
use crate::plugin::select::{Either, select, within};
use crate::plugin::server::PluginServer;
use crate::transport::{
    EndCause, Inherited, Lifeline, OutputReader, Termination, TerminationWaker, drain_output,
    ends_with_parent, keep_output_working, mend_output,
};

/// The exit status of a plugin that did not stop in time.
const FORCED: i32 = 1;

/// How long the watchdog makes way for the first calls. Starting its thread takes some 60 µs on
/// a fast machine.
const FIRST_CALLS: Duration = Duration::from_millis(1);

/// How long to wait before a thread is asked for again.
const THREAD_PAUSE: Duration = Duration::from_millis(100);

/// Wakes the watchdog, once there is one.
static WATCHDOG: OnceLock<TerminationWaker> = OnceLock::new();

/// Serves on the socket that the host passed, else on one in `dir`. Returns `false` if there is
/// neither.
///
/// # Errors
/// The reason why the plugin cannot serve.
pub(super) fn serve(builder: ServerBuilder, dir: Option<&Path>, options: Options) -> Result<bool> {
    let failed = |what: &'static str| move |error| Error::io(what, error);
    let runtime = options.runtime().map_err(failed("starting the runtime"))?;
    let builder = builder.before_stop_hook(prepare_output);
    let served = runtime.run(pin!(async {
        let inherited = Inherited::claim().map_err(failed("taking over the host's socket"))?;
        let listen = || Termination::listen().map_err(failed("listening for signals"));
        let (server, termination) = match (inherited.listener, dir) {
            (Some(listener), _) => {
                let server = builder.build()?;
                server.start_on(listener).await?;
                if server.hooks().activate.is_none() {
                    wait_for_activation(&server, inherited.lifeline.as_ref()).await?;
                }
                (server, listen()?)
            }
            (None, Some(dir)) => {
                let server = builder.location(dir).build()?;
                // A signal may come as soon as others see the file, and the plugin has to remove
                // the file then.
                let termination =
                    Termination::listen_at_terminal().map_err(failed("listening for signals"))?;
                server.start().await?;
                announce(&server);
                (server, termination)
            }
            (None, None) => return Ok(false),
        };
        start_watchdog(&server, termination, inherited.lifeline).await;
        server.stop_result().await.map(|()| true)
    }));
    runtime.shut_down();
    served
}

/// Waits until the plugin is activated, and for the first calls if that does no harm. Asks the
/// plugin to stop if its host goes before.
async fn wait_for_activation(server: &PluginServer, lifeline: Option<&Lifeline>) -> Result<()> {
    let activated = async {
        server.activated().await;
        if server.hooks().stop.is_none() && ends_with_parent() {
            let _ = within(FIRST_CALLS, pin!(server.stopping())).await;
        }
    };
    let Some(lifeline) = lifeline else {
        activated.await;
        return Ok(());
    };
    match select(activated, lifeline.closed()).await {
        Either::Left(()) => Ok(()),
        Either::Right(Ok(())) => {
            keep_output_working(OutputReader::Gone);
            server.request_stop();
            Ok(())
        }
        Either::Right(Err(error)) => Err(Error::io("waiting for the host's end", error)),
    }
}

/// Prints the socket of a plugin that was started by hand.
fn announce(server: &PluginServer) {
    if let Some(sock) = server.socket() {
        let _ = writeln!(std::io::stderr(), "{} listens on {}", server.id(), sock.display());
    }
}

/// Makes sure that the plugin's own code at its end can print, whoever has ended before. Runs before
/// that code, which may block the runtime's only thread.
fn prepare_output(is_end: bool) {
    if is_end {
        keep_output_working(OutputReader::Unknown);
        WATCHDOG.get().inspect(|watchdog| watchdog.wake());
    } else {
        mend_output();
    }
}

/// Starts the thread that waits for a reason to stop, sees to it that output holds up nothing, and
/// ends the process if the stop takes too long. If the system has no thread for the moment, the
/// runtime looks for a reason meanwhile, and the thread is asked for again.
async fn start_watchdog(
    server: &PluginServer,
    termination: Termination,
    lifeline: Option<Lifeline>,
) {
    let watchdog = WATCHDOG.get_or_init(|| termination.waker());
    // A stop that began before woke nobody.
    if server.is_stopping() {
        watchdog.wake();
    }
    let reasons = Arc::new((termination, lifeline));
    loop {
        let (watched, watching) = (server.clone(), Arc::clone(&reasons));
        let watch = move || {
            let (termination, lifeline) = &*watching;
            // Without this thread the plugin could outlive its host, so it goes on in any case.
            let cause = catch(|| termination.requested(lifeline.as_ref()));
            drop(catch(|| keep_output_working(reader_after(cause.unwrap_or(EndCause::Request)))));
            watched.request_stop();
            drop(catch(|| drain_output(watched.longest_stop())));
            drop(catch(|| watched.remove_files()));
            std::process::exit(FORCED);
        };
        if thread::Builder::new().name("goplug-guard".into()).spawn(watch).is_ok() {
            return;
        }
        let (termination, lifeline) = &*reasons;
        if let Some(cause) = termination.is_requested(lifeline.as_ref()) {
            keep_output_working(reader_after(cause));
            server.request_stop();
        }
        if within(THREAD_PAUSE, pin!(server.stopped())).await.is_ok() {
            return;
        }
    }
}

fn reader_after(cause: EndCause) -> OutputReader {
    match cause {
        EndCause::HostGone => OutputReader::Gone,
        EndCause::Request => OutputReader::Unknown,
    }
}
