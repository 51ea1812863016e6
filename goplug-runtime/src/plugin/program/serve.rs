//! Serving until there is a reason to stop, and then really ending.
//!
//! A plugin never outlives its host. The two reasons that must not be missed, the host's end
//! and a signal, are waited for on threads of their own, since a handler that blocks may
//! hold the runtime's only thread. Each of these threads asks for an orderly stop, waits for
//! as long as that may take, and then ends the process.

use std::io::Write;
use std::path::Path;
use std::thread;

use super::Options;
use crate::error::{Error, Result};
use crate::plugin::{PluginServer, ServerBuilder};
use crate::transport::{Inherited, Termination};

/// The exit status of a plugin that could not stop in good order.
const FORCED: i32 = 1;

/// Serves on the socket that the host passed, else on one in `dir`. Answers `false` where
/// there is neither.
///
/// # Errors
/// What keeps the plugin from serving.
pub(super) fn serve(builder: ServerBuilder, dir: Option<&Path>, options: Options) -> Result<bool> {
    let failed = |what: &'static str| move |error| Error::io(what, error);
    let runtime = options.runtime().map_err(failed("starting the runtime"))?;
    let served = runtime.block_on(async {
        let inherited = Inherited::claim().map_err(failed("taking over the host's socket"))?;
        let server = match (inherited.listener, dir) {
            (Some(listener), _) => {
                let server = builder.build()?;
                server.start_on(listener).await?;
                server
            }
            (None, Some(dir)) => {
                let server = builder.location(dir).build()?;
                server.start().await?;
                announce(&server);
                server
            }
            (None, None) => return Ok(false),
        };
        if let Some(lifeline) = inherited.lifeline {
            guard("goplug-lifeline", &server, move || lifeline.closed())?;
        }
        let signals = Signals::listen()?;
        guard("goplug-signals", &server, move || signals.wait())?;
        server.stopped().await;
        Ok(true)
    });
    // A blocking method that is still running is not waited for.
    runtime.shutdown_background();
    served
}

/// Says where a plugin listens that was started by hand.
fn announce(server: &PluginServer) {
    if let Some(sock) = server.socket() {
        let _ = writeln!(std::io::stderr(), "{} listens on {}", server.id(), sock.display());
    }
}

/// Starts a thread that waits for a reason to stop, and sees that it is followed. The thread
/// ends with the process.
fn guard(name: &str, server: &PluginServer, reason: impl FnOnce() + Send + 'static) -> Result<()> {
    let server = server.clone();
    let watch = move || {
        reason();
        server.request_stop();
        thread::sleep(server.patience());
        std::process::exit(FORCED);
    };
    let started = thread::Builder::new().name(name.into()).spawn(watch);
    started.map(drop).map_err(|error| Error::io(format!("starting the thread {name}"), error))
}

/// The signals that ask for the end, with a runtime of their own to wait on.
struct Signals {
    runtime: tokio::runtime::Runtime,
    termination: Termination,
}

impl Signals {
    fn listen() -> Result<Self> {
        let failed = |error| Error::io("listening for signals", error);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
        let entered = runtime.enter();
        let termination = Termination::listen().map_err(failed)?;
        drop(entered);
        Ok(Self { runtime, termination })
    }

    fn wait(mut self) {
        self.runtime.block_on(self.termination.requested());
    }
}
