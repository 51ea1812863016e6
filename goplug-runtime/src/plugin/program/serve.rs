//! Serving until there is a reason to stop, and then ending the process in any case.
//!
//! A plugin that a host has started never outlives it. Two reasons to stop must not be missed: the host's end and
//! a signal. A separate thread, the watchdog, waits for them, since a handler that blocks may hold
//! the runtime's only thread. The watchdog asks for a stop, waits for as long as the stop may take,
//! and then ends the process. If the host is gone, the other processes of the plugin's group end with it.
//!
//! Starting this thread takes longer than all the rest of an activation. So it is started only
//! once the host has its answer, unless the plugin has an activation hook. Until then no code of
//! the plugin's own can block the runtime, so the runtime itself waits for the host's end; and a
//! signal ends the process at once. If there is no stop hook, and the system ends the process
//! together with its host, the thread is started only after the first calls: until then a
//! signal still ends the process at once, and cuts off what is in flight. What such a call has
//! started ends even then with the host.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use super::runtime::Options;
use crate::error::{Error, Result};
use crate::panic::catch;
use crate::plugin::builder::ServerBuilder;
use crate::plugin::select::{Either, select, within};
use crate::plugin::server::PluginServer;
use crate::protocol::wire;
use crate::transport::{
    EndCause, GroupGuard, Inherited, Lifeline, OutputReader, PrivateFolder, Termination,
    TerminationWaker, drain_output, end_orphaned_group, ends_with_parent, keep_output_working,
    mend_output,
};

/// The exit status of a plugin that did not stop in time.
const FORCED: i32 = 1;

/// How long the watchdog makes way for the first calls. Starting its thread takes some 60 µs on
/// a fast machine.
const FIRST_CALLS: Duration = Duration::from_millis(1);

/// How long the end of a host may take after its plugins have got its signal: on a busy machine each of its
/// threads has to get its turn. Only a plugin that has started something waits for it.
const HOST_END: Duration = Duration::from_secs(1);

/// How long to wait before a thread is asked for again.
const THREAD_PAUSE: Duration = Duration::from_millis(100);

/// Wakes the watchdog, once there is one.
static WATCHDOG: OnceLock<TerminationWaker> = OnceLock::new();

/// Where a plugin serves.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// On the socket that the host passed.
    Passed,
    /// On the socket that the host passed, else on one in this folder.
    PassedOr(&'a Path),
    /// On a socket that only those find who are told where it is.
    Private,
}

/// Serves at this place. Returns `false` if no host has passed a socket, and there is no other place.
///
/// # Errors
/// The reason why the plugin cannot serve.
pub(super) fn serve(builder: ServerBuilder, place: Place<'_>, options: Options) -> Result<bool> {
    let failed = |what: &'static str| move |error| Error::io(what, error);
    let runtime = options.runtime().map_err(failed("starting the runtime"))?;
    let builder = builder.before_stop_hook(prepare_output);
    let mut watched = None;
    let served = runtime.run(pin!(async {
        if let Place::Private = place {
            return serve_privately(builder).await;
        }
        let inherited = Inherited::claim().map_err(failed("taking over the host's socket"))?;
        let (server, termination) = match (inherited.listener, place) {
            (Some(listener), _) => {
                let server = builder.build()?;
                let lifeline = inherited.lifeline.as_ref();
                let guard = lifeline.map(|lifeline| GroupGuard::new(lifeline, HOST_END));
                let _guard = guard.transpose().map_err(failed("listening for signals"))?;
                server.start_on(listener).await?;
                if server.hooks().activate.is_none() {
                    wait_for_activation(&server, lifeline).await?;
                }
                let termination = Termination::listen().map_err(failed("listening for signals"))?;
                (server, termination)
            }
            (None, Place::PassedOr(dir)) => {
                let server = builder.location(dir).build()?;
                // A signal may come as soon as others see the file, and the plugin has to remove
                // the file then.
                let termination =
                    Termination::listen_at_terminal().map_err(failed("listening for signals"))?;
                server.start().await?;
                announce(&server);
                (server, termination)
            }
            (None, _) => return Ok(false),
        };
        let reasons = Arc::new(Reasons::new(termination, inherited.lifeline));
        watched = Some(Arc::clone(&reasons));
        start_watchdog(&server, reasons, None).await;
        server.stop_result().await.map(|()| true)
    }));
    runtime.shut_down();
    if let Some(reasons) = watched {
        reasons.end_orphaned_group();
    }
    served
}

/// Serves on a socket in a folder of its own, and prints the variable by which a host uses it.
async fn serve_privately(builder: ServerBuilder) -> Result<bool> {
    let failed = |what: &'static str| move |error| Error::io(what, error);
    let server = builder.build()?;
    let termination = Termination::listen_at_terminal().map_err(failed("listening for signals"))?;
    let (folder, listener) =
        PrivateFolder::listen().map_err(failed("listening for a debugger's host"))?;
    let socket = listener.path().map(Path::to_owned).unwrap_or_default();
    server.start_on(listener).await?;
    // Whoever has closed the output does not need the line.
    let _ =
        writeln!(std::io::stdout(), "{}={}={}", wire::ENV_ATTACH, server.id(), socket.display());
    let reasons = Arc::new(Reasons::new(termination, None));
    start_watchdog(&server, reasons, folder.path().map(Path::to_owned)).await;
    server.stop_result().await.map(|()| true)
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
pub(super) fn prepare_output(is_end: bool) {
    if is_end {
        keep_output_working(OutputReader::Unknown);
        WATCHDOG.get().inspect(|watchdog| watchdog.wake());
    } else {
        mend_output();
    }
}

/// Starts the thread that waits for a reason to stop, sees to it that output holds up nothing, and
/// ends the process if the stop takes too long. If the system has no thread for the moment, the
/// runtime looks for a reason meanwhile, and the thread is asked for again. The folder is removed if the
/// process is ended.
pub(super) async fn start_watchdog(
    server: &PluginServer,
    reasons: Arc<Reasons>,
    folder: Option<PathBuf>,
) {
    let watchdog = WATCHDOG.get_or_init(|| reasons.termination.waker());
    // A stop that began before woke nobody.
    if server.is_stopping() {
        watchdog.wake();
    }
    loop {
        let (watched, watching) = (server.clone(), Arc::clone(&reasons));
        let folder = folder.clone();
        let watch = move || {
            // Without this thread the plugin could outlive its host, so it goes on in any case.
            let cause = catch(|| watching.termination.requested(watching.lifeline.as_ref()));
            let cause = cause.unwrap_or(EndCause::Request);
            watching.note(&watched);
            drop(catch(|| keep_output_working(reader_after(cause))));
            watched.request_stop();
            drop(catch(|| drain_output(watched.longest_stop())));
            drop(catch(|| watched.remove_files()));
            let _ = folder.map(std::fs::remove_dir);
            watching.end_orphaned_group();
            std::process::exit(FORCED);
        };
        if thread::Builder::new().name("goplug-guard".into()).spawn(watch).is_ok() {
            return;
        }
        if let Some(cause) = reasons.termination.is_requested(reasons.lifeline.as_ref()) {
            reasons.note(server);
            keep_output_working(reader_after(cause));
            server.request_stop();
        }
        if within(THREAD_PAUSE, pin!(server.stopped())).await.is_ok() {
            return;
        }
    }
}

/// What may end a plugin beside a request to stop.
pub(super) struct Reasons {
    termination: Termination,
    /// The lifeline of the host that has started the plugin.
    lifeline: Option<Lifeline>,
    /// Whether a signal, or the host's end, has come before any request to stop.
    came_first: AtomicBool,
}

impl Reasons {
    pub(super) fn new(termination: Termination, lifeline: Option<Lifeline>) -> Self {
        Self { termination, lifeline, came_first: AtomicBool::new(false) }
    }

    /// Notes that one of them has come, to be called before the stop begins.
    fn note(&self, server: &PluginServer) {
        self.came_first.fetch_or(!server.is_stopping(), Ordering::Relaxed);
    }

    /// Ends this process and all others of its group, if its host is gone: nobody else does.
    fn end_orphaned_group(&self) {
        let Some(lifeline) = &self.lifeline else { return };
        // The signal of the host's end comes a moment before that end is complete.
        let came_first = self.came_first.load(Ordering::Relaxed);
        end_orphaned_group(lifeline, if came_first { HOST_END } else { Duration::ZERO });
    }
}

fn reader_after(cause: EndCause) -> OutputReader {
    match cause {
        EndCause::HostGone => OutputReader::Gone,
        EndCause::Request => OutputReader::Unknown,
    }
}
