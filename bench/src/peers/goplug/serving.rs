//! goplug with a plugin that asks its host: the host of the row `service`.
//!
//! The calls that a service is compared with go to [`Adder`], which asks nobody: a plugin that asks
//! learns with each call where it comes from.

use anyhow::{Context, Result, ensure};
use goplug::{Host, Registry};
use tempfile::TempDir;

use super::adder::{Adder, AdderClient};
use super::{NOT_STARTED, folder, process_id, stop};
use crate::processes::pinning;
use crate::vocabulary::{Client, Peer, PluginProgram};

/// What the host offers.
#[goplug::plugin]
pub(crate) trait Sums {
    /// Adds two integers.
    #[goplug::method]
    async fn add(&self, a: i64, b: i64) -> i64;
}

/// The host's value.
#[derive(Default)]
struct HostSums;

#[goplug::plugin(namespace = "bench")]
impl Sums for HostSums {
    async fn add(&self, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }
}

/// Asks its host.
#[goplug::plugin(namespace = "bench", needs(Sums))]
pub(crate) struct Asker;

/// Asks this often, one after the other, and returns how many answers are right.
#[goplug::method(Asker)]
pub(crate) async fn ask(count: u64) -> goplug::Result<u64> {
    let (sums, mut right) = (goplug::host::<SumsClient<Host>>()?, 0);
    for number in 0..count as i64 {
        right += u64::from(sums.add(number, 1).await? == number + 1);
    }
    Ok(right)
}

pub(crate) struct GoplugServing {
    registry: Registry,
    client: Option<ServingClient>,
    _folder: TempDir,
}

/// Clients of the plugin that adds, and of the plugin that asks.
#[derive(Clone)]
pub(crate) struct ServingClient {
    adder: AdderClient,
    asker: AskerClient,
}

impl Peer for GoplugServing {
    type Client = ServingClient;

    const PROCESSES: usize = 2;

    async fn new(_: PluginProgram) -> Result<Self> {
        let folder = folder()?;
        let builder = Registry::builder(folder.path()).embed::<Adder>().embed::<Asker>();
        let mut builder = builder.provide(HostSums);
        if let Some((name, value)) = pinning::variable_for_plugin() {
            builder = builder.env(name, value);
        }
        Ok(Self { registry: builder.start().await?, client: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        let (adder, asker) = (self.registry.client().await?, self.registry.client().await?);
        self.client = Some(ServingClient { adder, asker });
        Ok(())
    }

    async fn client(&self) -> Result<ServingClient> {
        self.client.clone().context(NOT_STARTED)
    }

    fn process_id(&self) -> Result<u32> {
        process_id(self.client.as_ref().map(|client| client.asker.plugin()))
    }

    async fn stop(&mut self) -> Result<()> {
        let client = self.client.take();
        stop(client.as_ref().map(|client| client.adder.plugin())).await?;
        stop(client.as_ref().map(|client| client.asker.plugin())).await
    }
}

impl Client for ServingClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(self.adder.add(a, b).await?)
    }

    async fn ask(&mut self, count: u64) -> Result<()> {
        let right = self.asker.ask(count).await?;
        ensure!(right == count, "{right} of {count} answers are right");
        Ok(())
    }
}
