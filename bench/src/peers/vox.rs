//! vox over a Unix socket. Its published releases have no shared memory.

// The service macro makes everything that it generates as public as the trait.
#![allow(unreachable_pub, reason = "what vox generates")]

use anyhow::{Context, Result, anyhow, ensure};
use bytes::Bytes;
use vox::transport::tcp::StreamLink;
use vox::{NoopClient, Tx};

use super::plugin_process::{PluginProcess, listener_async};
use crate::vocabulary::workload::SLOW_CALL;
use crate::vocabulary::{Callbacks, Client, Peer, PeerName, PluginProgram};

/// The methods that every peer's plugin has.
#[vox::service]
pub trait Adder {
    async fn add(&self, a: i64, b: i64) -> i64;
    async fn echo(&self, bytes: Vec<u8>) -> Vec<u8>;
    async fn take(&self, bytes: Vec<u8>) -> u64;
    async fn slow(&self);
    /// Callbacks are sent through a channel, which is how vox does it.
    async fn call_back(&self, count: u64, joined: bool, ticks: Tx<u64>) -> bool;
}

#[derive(Clone)]
struct Server;

impl Adder for Server {
    async fn add(&self, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    async fn echo(&self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    async fn take(&self, bytes: Vec<u8>) -> u64 {
        bytes.len() as u64
    }

    async fn slow(&self) {
        tokio::time::sleep(SLOW_CALL).await;
    }

    async fn call_back(&self, count: u64, joined: bool, ticks: Tx<u64>) -> bool {
        for number in 0..count {
            if ticks.send(number).await.is_err() {
                return false;
            }
            if !joined {
                // So that this callback is sent before the next one comes.
                tokio::task::yield_now().await;
            }
        }
        true
    }
}

pub(crate) struct Vox {
    process: PluginProcess,
    client: Option<AdderClient>,
}

impl Peer for Vox {
    type Client = AdderClient;

    async fn new(program: PluginProgram) -> Result<Self> {
        let process = PluginProcess::new(PeerName::Vox, program)?;
        Ok(Self { process, client: None })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()?;
        let address = format!("local://{}", self.process.socket().display());
        self.client = Some(vox::connect(address).await.map_err(failed)?);
        Ok(())
    }

    async fn client(&self) -> Result<AdderClient> {
        self.client.clone().context("the other process was not started")
    }

    fn process_id(&self) -> Result<u32> {
        self.process.id()
    }

    async fn stop(&mut self) -> Result<()> {
        self.client = None;
        self.process.stop();
        Ok(())
    }
}

impl Client for AdderClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Self::add(self, a, b).await.map_err(failed)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        Ok(Self::echo(self, bytes.into()).await.map_err(failed)?.into())
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        Self::take(self, bytes.into()).await.map_err(failed)
    }

    /// Its callbacks are a stream.
    async fn receive_items(&mut self, count: u64) -> Result<()> {
        Client::call_back(self, Callbacks { count, joined: true }).await
    }

    async fn slow(&mut self) -> Result<()> {
        Self::slow(self).await.map_err(failed)
    }

    async fn call_back(&mut self, Callbacks { count, joined }: Callbacks) -> Result<()> {
        let (sender, mut ticks) = vox::channel();
        let arrive = async {
            for number in 0..count {
                let tick = ticks.recv().await.map_err(failed)?.context("the channel has ended")?;
                let mut came = None;
                tick.map(|number| came = Some(number));
                ensure!(came == Some(number), "{came:?} in place of {number}");
            }
            anyhow::Ok(())
        };
        let called = Self::call_back(self, count, joined, sender);
        let (called, arrived) = tokio::join!(called, arrive);
        ensure!(called.map_err(failed)?, "the other process could not call back");
        arrived
    }
}

/// Not all of vox's errors implement the standard library's trait.
fn failed(error: impl std::fmt::Debug) -> anyhow::Error {
    anyhow!("{error:?}")
}

/// Is the plugin process.
pub(super) async fn serve() -> Result<()> {
    let listener = listener_async()?;
    let mut connections = Vec::new();
    loop {
        let (stream, _) = listener.accept().await?;
        let acceptor = vox::acceptor_on(StreamLink::unix(stream));
        let acceptor = acceptor.on_connection(AdderDispatcher::new(Server));
        connections.push(acceptor.establish::<NoopClient>().await.map_err(failed)?);
    }
}
