//! goplug in its public interface: each file is one way in which a host has a plugin.
//!
//! Start reading at [`adder`], the plugin, then [`embedded`], the
//! host of most rows.

mod adder;
mod blocking;
mod embedded;
mod four_plugins;
mod hundred;
mod installed;
mod served;
mod serving;

use anyhow::{Context, Result};
use goplug::Plugin;
use tempfile::TempDir;

pub(crate) use self::adder::Adder;
pub(crate) use self::blocking::GoplugBlocking;
pub(crate) use self::embedded::{GoplugEmbedded, GoplugNoPolling};
pub(crate) use self::four_plugins::{Fourth, GoplugFourPlugins, Second, Third};
pub(crate) use self::hundred::{GoplugHundred, Hundred};
pub(crate) use self::installed::{GoplugBlockingInstalled, GoplugInstalled, GoplugSandboxed};
pub(crate) use self::served::GoplugServed;
pub(super) use self::served::serve;
pub(crate) use self::serving::{Asker, GoplugServing};

/// The error of a peer whose `start` was not called.
const NOT_STARTED: &str = "the plugin was not started";

/// A folder for a registry.
fn folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("goplug-bench-").tempdir()?)
}

/// The process of the plugin that was started.
fn process_id(started: Option<&Plugin>) -> Result<u32> {
    started.and_then(Plugin::process_id).context(NOT_STARTED)
}

/// Stops the plugin if it was started.
async fn stop(started: Option<&Plugin>) -> Result<()> {
    match started {
        Some(plugin) => Ok(plugin.unload().await?),
        None => Ok(()),
    }
}
