//! Serving hosts on other machines. Nobody owns the process but whoever started it: the plugin activates
//! itself, and serves until a signal.

use std::io::Write;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::listen_arguments::Listen;
use super::runtime::Options;
use super::serve::{Reasons, prepare_output, start_watchdog};
use crate::error::{Error, Result};
use crate::limits;
use crate::plugin::builder::ServerBuilder;
use crate::plugin::remote::RemoteListener;
use crate::transport::Termination;

/// The part of a drain that is kept for what follows the calls, if that is less than [`AFTER_CALLS`].
const AFTER_CALLS_PART: u32 = 4;

/// How long what follows the calls may take: callers read the last responses.
const AFTER_CALLS: Duration = limits::FLUSH_TIMEOUT.saturating_mul(2);

/// Serves at this address until the program is to end.
///
/// # Errors
/// The reason why the plugin cannot serve.
pub(super) fn serve(builder: ServerBuilder, listen: Listen, options: Options) -> Result<()> {
    let failed = |what: &'static str| move |error| Error::io(what, error);
    let Listen { options: remote, config } = listen;
    let configuration = config.as_deref().map(configuration).transpose()?.unwrap_or_default();
    let drain = remote.drain;
    let for_calls = drain.saturating_sub(AFTER_CALLS.min(drain / AFTER_CALLS_PART));
    let builder = builder.before_stop_hook(prepare_output).stop_timeout(for_calls);
    let runtime = options.runtime().map_err(failed("starting the runtime"))?;
    let served = runtime.run(pin!(async {
        let server = builder.build()?;
        let termination =
            Termination::listen_at_terminal().map_err(failed("listening for signals"))?;
        let listener = RemoteListener::bind(remote).await?;
        let url = listener.url();
        let handler = server.launch_on(listener)?;
        // From now on a signal ends the plugin in any case, also if its activation blocks the runtime.
        start_watchdog(&server, Arc::new(Reasons::new(termination, None)), None).await;
        if let Err(problem) = handler.activate_itself(configuration).await
            && !server.is_stopping()
        {
            server.request_stop();
            server.stopped().await;
            return Err(Error::Configuration(format!("{}: {}", server.id(), problem.detail)));
        }
        // Whoever has closed the output does not need the line.
        let _ = writeln!(std::io::stderr(), "{} listens on {url}", server.id());
        server.stop_result().await.map(|()| true)
    }));
    runtime.shut_down();
    served.map(drop)
}

/// The content of the file, which has to be JSON.
fn configuration(path: &Path) -> Result<Bytes> {
    let content = std::fs::read(path)
        .map_err(|error| Error::io(format!("reading {}", path.display()), error))?;
    serde_json::from_slice::<IgnoredAny>(&content).map_err(|error| {
        Error::Configuration(format!("{}: the configuration is not JSON: {error}", path.display()))
    })?;
    Ok(content.into())
}
