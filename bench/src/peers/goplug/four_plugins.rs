//! goplug with four plugins in one registry, which watches its folder: the host of the row
//! `idle-host`.

use anyhow::{Context, Result};
use goplug::Registry;
use tempfile::TempDir;

use super::adder::{Adder, AdderClient};
use super::{NOT_STARTED, folder, process_id};
use crate::vocabulary::{Peer, PluginProgram};

/// Plugins in addition to [`Adder`]. The same program runs as each of them.
macro_rules! plugins {
    ($($name:ident),+) => {$(
        #[doc = "Adds, like [`Adder`]."]
        #[derive(Default)]
        pub(crate) struct $name;

        #[goplug::plugin(namespace = "bench")]
        impl $name {
            #[goplug::method]
            pub(crate) fn add(&self, a: i64, b: i64) -> i64 {
                a.wrapping_add(b)
            }
        }
    )+};
}

plugins!(Second, Third, Fourth);

pub(crate) struct GoplugFourPlugins {
    registry: Registry,
    client: Option<AdderClient>,
    _folder: TempDir,
}

impl Peer for GoplugFourPlugins {
    type Client = AdderClient;

    const PROCESSES: usize = 4;

    async fn new(_: PluginProgram) -> Result<Self> {
        let folder = folder()?;
        let builder = Registry::builder(folder.path()).auto_discover(true);
        let builder = builder.embed::<Adder>().embed::<Second>().embed::<Third>();
        let registry = builder.embed::<Fourth>().start().await?;
        Ok(Self { registry, client: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.client = Some(self.registry.client().await?);
        self.registry.client::<SecondClient>().await?.add(2, 3).await?;
        self.registry.client::<ThirdClient>().await?.add(2, 3).await?;
        self.registry.client::<FourthClient>().await?.add(2, 3).await?;
        Ok(())
    }

    async fn client(&self) -> Result<AdderClient> {
        self.client.clone().context(NOT_STARTED)
    }

    fn process_id(&self) -> Result<u32> {
        process_id(self.client.as_ref().map(AdderClient::plugin))
    }

    async fn stop(&mut self) -> Result<()> {
        self.client = None;
        self.registry.stop().await?;
        Ok(())
    }
}
