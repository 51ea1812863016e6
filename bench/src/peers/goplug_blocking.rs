//! goplug for a host that is not async: a plain socket in the thread that calls. The plugin is
//! the same. Arguments and results are made JSON here, as a generated client does it.
//!
//! Its futures never wait: they are ready when they are polled, and block until then.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use goplug::{Registry, blocking};
use tempfile::TempDir;

use super::bare::Pair;
use super::goplug::Adder;
use super::{Callbacks, Link, Peer};
use crate::placement;

const NOT_STARTED: &str = "the plugin was not started";

pub(super) struct GoplugBlocking {
    registry: blocking::Registry,
    plugin: Option<blocking::Plugin>,
    _folder: TempDir,
}

impl Peer for GoplugBlocking {
    type Link = blocking::Plugin;

    async fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("goplug-bench-").tempdir()?;
        let mut builder = Registry::builder(folder.path()).embed::<Adder>();
        if let Some((name, value)) = placement::seat_of_other() {
            builder = builder.env(name, value);
        }
        Ok(Self { registry: builder.start_blocking()?, plugin: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.plugin = Some(self.registry.load("Adder", "bench")?);
        Ok(())
    }

    async fn link(&self) -> Result<blocking::Plugin> {
        self.plugin.clone().context(NOT_STARTED)
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

impl Link for blocking::Plugin {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        let sum = self.execute("add", serde_json::to_vec(&Pair { a, b })?)?;
        Ok(serde_json::from_slice(&sum)?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        Ok(self.execute("echo", bytes)?)
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        Ok(serde_json::from_slice(&self.execute("take", bytes)?)?)
    }

    async fn call_back(&mut self, _: Callbacks) -> Result<()> {
        bail!("callbacks of a blocking host are not measured")
    }
}
