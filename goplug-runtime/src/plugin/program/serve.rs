//! Serving until there is a reason to stop, and then really ending.
//!
//! A plugin never outlives its host. The two reasons that must not be missed, the host's end
//! and a signal, are waited for on a thread of its own, since a handler that blocks may
//! hold the runtime's only thread. This thread asks for an orderly stop, waits for as long
//! as that may take, and then ends the process.
//!
//! To start it takes longer than all the rest of an activation. So it is started when the
//! host has its answer, unless the plugin's own code runs before: until then the runtime is
//! never held, and waits for the host's end itself, and a signal just ends the process. Where
//! nothing of the plugin's own is to run at its end, and the system ends the process with its
//! host, it makes way for the first calls, too: a signal then still ends the process at once,
//! and cuts off what is in flight.

use std::io::Write;
use std::path::Path;
use std::pin::pin;
use std::thread;
use std::time::Duration;

use tokio::time::timeout;

use super::Options;
use crate::error::{Error, Result};
use crate::plugin::race::{First, first};
use crate::plugin::{PluginServer, ServerBuilder};
use crate::transport::{Inherited, Lifeline, Termination, ends_with_parent};

/// The exit status of a plugin that could not stop in good order.
const FORCED: i32 = 1;

/// How long a host may have for its first calls: to start a thread takes some 60 µs on a fast
/// machine.
const FIRST_CALLS: Duration = Duration::from_millis(1);

/// Serves on the socket that the host passed, else on one in `dir`. Answers `false` where
/// there is neither.
///
/// # Errors
/// What keeps the plugin from serving.
pub(super) fn serve(builder: ServerBuilder, dir: Option<&Path>, options: Options) -> Result<bool> {
    let failed = |what: &'static str| move |error| Error::io(what, error);
    let runtime = options.runtime().map_err(failed("starting the runtime"))?;
    let served = runtime.run(pin!(async {
        let inherited = Inherited::claim().map_err(failed("taking over the host's socket"))?;
        let listen = || Termination::listen().map_err(failed("listening for signals"));
        let (server, termination) = match (inherited.listener, dir) {
            (Some(listener), _) => {
                let server = builder.build()?;
                server.start_on(listener).await?;
                if server.hooks().activate.is_none() {
                    idle(&server, inherited.lifeline.as_ref()).await?;
                }
                (server, listen()?)
            }
            (None, Some(dir)) => {
                let server = builder.location(dir).build()?;
                // Whoever sees its file may ask it to stop, and it takes the file along.
                let termination = listen()?;
                server.start().await?;
                announce(&server);
                (server, termination)
            }
            (None, None) => return Ok(false),
        };
        guard(&server, termination, inherited.lifeline)?;
        server.stopped().await;
        Ok(true)
    }));
    runtime.shut_down();
    served
}

/// Waits until the plugin is activated, and for a while longer where that does no harm; asks it
/// to stop if its host goes before.
async fn idle(server: &PluginServer, lifeline: Option<&Lifeline>) -> Result<()> {
    let idle = async {
        server.activated().await;
        if server.hooks().stop.is_none() && ends_with_parent() {
            let _ = timeout(FIRST_CALLS, server.stopping()).await;
        }
    };
    let Some(lifeline) = lifeline else {
        idle.await;
        return Ok(());
    };
    match first(idle, lifeline.closed()).await {
        First::Left(()) => Ok(()),
        First::Right(Ok(())) => {
            server.request_stop();
            Ok(())
        }
        First::Right(Err(error)) => Err(Error::io("waiting for the host's end", error)),
    }
}

/// Says where a plugin listens that was started by hand.
fn announce(server: &PluginServer) {
    if let Some(sock) = server.socket() {
        let _ = writeln!(std::io::stderr(), "{} listens on {}", server.id(), sock.display());
    }
}

/// Starts the thread that waits for a reason to stop, and sees that it is followed. The thread
/// ends with the process.
fn guard(
    server: &PluginServer,
    termination: Termination,
    lifeline: Option<Lifeline>,
) -> Result<()> {
    let server = server.clone();
    let watch = move || {
        termination.requested(lifeline.as_ref());
        server.request_stop();
        thread::sleep(server.patience());
        std::process::exit(FORCED);
    };
    let started = thread::Builder::new().name("goplug-guard".into()).spawn(watch);
    started.map(drop).map_err(|error| Error::io("starting the thread that ends it", error))
}
