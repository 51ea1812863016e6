//! goplug with a plugin that is installed as a program of its own, for a host that is async
//! and for one that is not. What it offers is a contract here, as it is to a host that knows a
//! plugin by its trait. The host watches its folder, and starts the plugin when it is asked for,
//! as the README's does.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use goplug::{Plugin, Registry, blocking};
use tempfile::TempDir;

use super::{End, Link, Peer, PeerName};
use crate::programs;

const NOT_STARTED: &str = "the plugin was not started";

/// What the plugin is called, and its namespace.
const ID: (&str, &str) = ("Sum", "bench");

/// Adds. The client that is made of it is all that a host needs.
#[goplug::plugin]
#[allow(dead_code, reason = "nothing here implements it")]
pub(crate) trait Sum {
    /// Adds two integers.
    #[goplug::method]
    async fn add(&self, a: i64, b: i64) -> i64;
}

/// A folder in which the plugin's program is installed.
fn folder() -> Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("goplug-bench-").tempdir()?;
    let mut install = Command::new(programs::path(PeerName::Goplug)?);
    install.arg("install").arg(folder.path()).stdout(Stdio::null());
    let status = install.status().context("installing the plugin")?;
    ensure!(status.success(), "installing the plugin: {status}");
    Ok(folder)
}

pub(super) struct GoplugOwn {
    registry: Registry,
    plugin: Option<Plugin>,
    _folder: TempDir,
}

impl Peer for GoplugOwn {
    type Link = SumClient;

    async fn new(_: End) -> Result<Self> {
        let folder = folder()?;
        let registry = Registry::builder(folder.path()).auto_discover(true).start().await?;
        Ok(Self { registry, plugin: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.plugin = Some(self.registry.load(ID.0, ID.1).await?);
        Ok(())
    }

    async fn link(&self) -> Result<SumClient> {
        Ok(self.plugin.as_ref().context(NOT_STARTED)?.client()?)
    }

    fn process(&self) -> Result<u32> {
        self.plugin.as_ref().and_then(Plugin::process_id).context(NOT_STARTED)
    }

    async fn stop(&mut self) -> Result<()> {
        match self.plugin.take() {
            Some(plugin) => Ok(plugin.unload().await?),
            None => Ok(()),
        }
    }
}

impl Link for SumClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, a, b).await?)
    }
}

pub(super) struct GoplugBlockingOwn {
    registry: blocking::Registry,
    plugin: Option<blocking::Plugin>,
    _folder: TempDir,
}

impl Peer for GoplugBlockingOwn {
    type Link = SumBlockingClient;

    async fn new(_: End) -> Result<Self> {
        let folder = folder()?;
        let registry = Registry::builder(folder.path()).auto_discover(true).start_blocking()?;
        Ok(Self { registry, plugin: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.plugin = Some(self.registry.load(ID.0, ID.1)?);
        Ok(())
    }

    async fn link(&self) -> Result<SumBlockingClient> {
        Ok(SumClient::blocking(self.plugin.clone().context(NOT_STARTED)?)?)
    }

    fn process(&self) -> Result<u32> {
        let plugin = self.plugin.as_ref().context(NOT_STARTED)?;
        plugin.as_async().process_id().context(NOT_STARTED)
    }

    async fn stop(&mut self) -> Result<()> {
        match self.plugin.take() {
            Some(plugin) => Ok(plugin.unload()?),
            None => Ok(()),
        }
    }
}

impl Link for SumBlockingClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, a, b)?)
    }
}
