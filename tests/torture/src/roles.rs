//! The roles of this program when one of its own trials starts it.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result};
use goplug::{Bytes, PluginServer, Registry};
use goplug_runtime::transport::connect;
use goplug_tests::fixtures::{hostile, misbehaving};

use crate::victim::{Victim, VictimClient};

/// A host that makes calls until it is killed.
pub(crate) const HOST: &str = "as-host";
/// A host that starts, makes some calls, and stops its registry.
pub(crate) const NEXT_HOST: &str = "as-next-host";
/// A plugin that starts by itself, and calls back outside of calls.
pub(crate) const TICKER: &str = "as-ticker";
/// The victim, as a plugin that starts by itself.
pub(crate) const STREAMER: &str = "as-streamer";
/// A plugin that misbehaves.
pub(crate) const MISBEHAVING: &str = "as-misbehaving";
/// A plugin of this name, which serves in its working directory and does nothing.
pub(crate) const IDLER: &str = "as-idler";
/// A client that tries to connect to a socket.
pub(crate) const STRANGER: &str = "as-stranger";
/// A plugin that tries to use up its host, or that host.
pub(crate) const HOSTILE: &str = "as-hostile";
/// Runs this program without some of the kernel's calls.
#[cfg(target_os = "linux")]
pub(crate) const WITHOUT_CALLS: &str = "as-program-without-calls";
/// A host that confines its plugin, and says what came of it.
#[cfg(target_os = "linux")]
pub(crate) const CONFINING_HOST: &str = "as-confining-host";
/// A host with a misbehaving plugin, which waits until it is killed.
#[cfg(target_os = "linux")]
pub(crate) const DOOMED_HOST: &str = "as-doomed-host";

/// Runs the role that the first argument names; `None` if it names no role.
pub(crate) fn named(arguments: &[String]) -> Option<ExitCode> {
    match arguments {
        [role, rest @ ..] if role == HOSTILE => return Some(hostile::run(rest)),
        #[cfg(target_os = "linux")]
        [role, rest @ ..] if role == WITHOUT_CALLS => {
            let rest = rest.iter().map(Into::into);
            return Some(exit_code(role, goplug_tests::fixtures::unix::refuse::run(rest)));
        }
        #[cfg(target_os = "linux")]
        [role, folder, confinement] if role == DOOMED_HOST => {
            let host = crate::doomed_host::run(Path::new(folder), confinement);
            return Some(exit_code(role, in_runtime(host)));
        }
        _ => {}
    }
    let [role, argument] = arguments else { return None };
    let path = Path::new(argument);
    let outcome = match role.as_str() {
        HOST => in_runtime(host(path, true)),
        NEXT_HOST => in_runtime(host(path, false)),
        TICKER => in_runtime(ticker(path)),
        STREAMER => in_runtime(streamer(path)),
        IDLER => in_runtime(idler(argument)),
        MISBEHAVING => {
            return Some(match misbehaving::Mode::named(argument) {
                Some(mode) => misbehaving::run(mode),
                None => ExitCode::from(2),
            });
        }
        STRANGER => in_runtime(stranger(path)),
        #[cfg(target_os = "linux")]
        CONFINING_HOST => in_runtime(crate::confining_host::run(argument)),
        _ => return None,
    };
    Some(exit_code(role, outcome))
}

fn exit_code(role: &str, outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{role}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn in_runtime(role: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?
        .block_on(role)
}

async fn host(folder: &Path, for_ever: bool) -> Result<()> {
    let registry = Registry::builder(folder).embed::<Victim>().inherit_env().start().await?;
    let victim: VictimClient = registry.client().await?;
    let _subscription = victim.on_tick(|_| async {}).await?;
    loop {
        for number in 0..50 {
            victim.call_back(number).await?;
        }
        if !for_ever {
            registry.stop().await?;
            return Ok(());
        }
        registry.reload("Victim", "torture").await?;
    }
}

async fn stranger(socket: &Path) -> Result<()> {
    let connection = connect(socket, Duration::from_secs(10)).await;
    connection.map(drop).context("connecting")
}

async fn idler(name: &str) -> Result<()> {
    let folder = std::env::current_dir()?;
    let server = PluginServer::builder(name).namespace("many").location(folder).build()?;
    server.start().await?;
    server.stopped().await;
    Ok(())
}

/// Serves in the folder.
async fn streamer(folder: &Path) -> Result<()> {
    let server = PluginServer::of::<Victim>()?.location(folder).build()?;
    server.start().await?;
    server.stopped().await;
    Ok(())
}

/// Serves in the folder. The method `burst` starts a number of callbacks, and
/// returns before they are made.
async fn ticker(folder: &Path) -> Result<()> {
    static SERVER: OnceLock<PluginServer> = OnceLock::new();
    let burst = |count: Bytes| async move {
        let count: u64 = std::str::from_utf8(&count)?.parse()?;
        let server = SERVER.get().context("it is not serving yet")?;
        tokio::spawn(async move {
            for number in 0..count {
                if let Err(error) = server.notify("tick", number.to_string()).await {
                    let _ = writeln!(std::io::stderr(), "tick {number}: {error}");
                    return;
                }
            }
        });
        anyhow::Ok(Bytes::new())
    };
    let server = PluginServer::builder("Ticker")
        .namespace("torture")
        .location(folder)
        .callback("tick")
        .method("burst", burst)
        .build()?;
    server.start().await?;
    let server = SERVER.get_or_init(|| server);
    server.stopped().await;
    Ok(())
}
