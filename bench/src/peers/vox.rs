//! vox over a Unix socket. Its published releases have no shared memory.

// The macro of the service makes everything as public as its trait.
#![allow(unreachable_pub, reason = "what vox generates")]

use anyhow::{Context, Result, anyhow, ensure};
use bytes::Bytes;
use vox::transport::tcp::StreamLink;
use vox::{NoopClient, Tx};

use super::process::{Process, listener_async};
use super::{Callbacks, End, Link, Peer, PeerName, SLOWNESS};

/// What every peer's other process does.
#[vox::service]
pub trait Adder {
    async fn add(&self, a: i64, b: i64) -> i64;
    async fn echo(&self, bytes: Vec<u8>) -> Vec<u8>;
    async fn take(&self, bytes: Vec<u8>) -> u64;
    async fn slow(&self);
    /// Callbacks are a channel, as vox has it.
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
        tokio::time::sleep(SLOWNESS).await;
    }

    async fn call_back(&self, count: u64, joined: bool, ticks: Tx<u64>) -> bool {
        for number in 0..count {
            if ticks.send(number).await.is_err() {
                return false;
            }
            if !joined {
                // Lets this one go before the next comes.
                tokio::task::yield_now().await;
            }
        }
        true
    }
}

pub(super) struct Vox {
    process: Process,
    client: Option<AdderClient>,
}

impl Peer for Vox {
    type Link = AdderClient;

    async fn new(end: End) -> Result<Self> {
        let process = Process::of(PeerName::Vox, end)?;
        Ok(Self { process, client: None })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()?;
        let address = format!("local://{}", self.process.socket().display());
        self.client = Some(vox::connect(address).await.map_err(failed)?);
        Ok(())
    }

    async fn link(&self) -> Result<AdderClient> {
        self.client.clone().context("the other process was not started")
    }

    fn process(&self) -> Result<u32> {
        self.process.id()
    }

    async fn stop(&mut self) -> Result<()> {
        self.client = None;
        self.process.stop();
        Ok(())
    }
}

impl Link for AdderClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Self::add(self, a, b).await.map_err(failed)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        Ok(Self::echo(self, bytes.into()).await.map_err(failed)?.into())
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        Self::take(self, bytes.into()).await.map_err(failed)
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

/// Its errors are not all of the standard library's trait.
fn failed(error: impl std::fmt::Debug) -> anyhow::Error {
    anyhow!("{error:?}")
}

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
