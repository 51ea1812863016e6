//! An HTTP service whose routes are plugins.
//!
//! `gateway FOLDER` serves every plugin of the folder that fulfils the contract of this package, under the
//! name of the plugin. A plugin that is installed in the folder is a route from then on, and one that is
//! installed again is upgraded, without a failed request.

mod failure;
mod ledger;
mod log;
mod operations;
mod request_id;
mod routes;
mod state;
mod stop;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use goplug::{Registry, Restart};
use tokio::net::TcpListener;

use crate::ledger::Book;
use crate::state::Gateway;
use crate::stop::Stop;

const USAGE: &str = "usage: gateway FOLDER [ADDRESS]

Serves the plugins of the folder FOLDER on ADDRESS, which is 127.0.0.1:0 unless it
is given: a port that is free. The address is printed. SIGTERM or SIGINT ends it.
";

/// How long an upgrade lets the calls and streams of the old process go on, before that process is asked
/// to stop.
const DRAIN: Duration = Duration::from_secs(2);

/// How long a plugin that is asked to stop lets them go on. Then streams end with an error.
const STOP: Duration = Duration::from_secs(2);

/// How long a stream of events may be silent.
const SILENCE: Duration = Duration::from_secs(24 * 3600);

/// How long a stop waits for requests that have begun: a little longer than a call may take.
const PATIENCE: Duration = Duration::from_secs(35);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (folder, address) = match arguments.as_slice() {
        [folder] => (folder, "127.0.0.1:0"),
        [folder, address] => (folder, address.as_str()),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    log::set_up();
    match serve(Path::new(folder), address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until a signal comes, and until everything that was begun has ended.
async fn serve(folder: &Path, address: &str) -> anyhow::Result<()> {
    // From here on a signal is not lost.
    let stop = Stop::on_signals()?;
    let registry = Registry::builder(folder)
        .auto_discover(true)
        .restart(Restart::transient())
        .policy(|policy| policy.drain(DRAIN).stop_timeout(STOP).stream_idle(SILENCE))
        .provide(Book::default())
        .start()
        .await?;
    let listener = TcpListener::bind(address).await.with_context(|| address.to_owned())?;
    writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    let router = routes::router(Gateway { registry: registry.clone(), stop: stop.clone() });
    // Accepts no further connections once it is to stop, and waits for the requests that have begun.
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.requested());
    let too_late = async {
        stop.requested().await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        served = serving => served?,
        () = too_late => tracing::warn!("requests are cut off that have not ended"),
    }
    registry.stop().await?;
    tracing::info!("all plugins have stopped");
    Ok(())
}
