//! zbus from peer to peer, without a message bus in between.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_bytes::ByteBuf;
use zbus::connection::{Builder, Connection};
use zbus::object_server::SignalEmitter;
use zbus::proxy::CacheProperties;

use super::plugin_process::{PluginProcess, listener_async};
use crate::vocabulary::workload::SLOW_CALL;
use crate::vocabulary::{Callbacks, Client, Peer, PeerName, PluginProgram};

const PATH: &str = "/goplug/bench/Adder";

struct Adder;

#[zbus::interface(name = "goplug.bench.Adder")]
impl Adder {
    fn add(&self, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    fn echo(&self, bytes: ByteBuf) -> ByteBuf {
        bytes
    }

    fn take(&self, bytes: ByteBuf) -> u64 {
        bytes.len() as u64
    }

    async fn slow(&self) {
        tokio::time::sleep(SLOW_CALL).await;
    }

    async fn call_back(
        &self,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
        count: u64,
    ) -> zbus::fdo::Result<()> {
        for number in 0..count {
            Self::tick(&emitter, number).await?;
        }
        Ok(())
    }

    #[zbus(signal)]
    async fn tick(emitter: &SignalEmitter<'_>, number: u64) -> zbus::Result<()>;
}

#[zbus::proxy(
    interface = "goplug.bench.Adder",
    default_service = "goplug.bench.Adder",
    default_path = "/goplug/bench/Adder"
)]
pub(crate) trait Adder {
    fn add(&self, a: i64, b: i64) -> zbus::Result<i64>;
    fn echo(&self, bytes: &serde_bytes::Bytes) -> zbus::Result<ByteBuf>;
    fn take(&self, bytes: &serde_bytes::Bytes) -> zbus::Result<u64>;
    fn slow(&self) -> zbus::Result<()>;
    fn call_back(&self, count: u64) -> zbus::Result<()>;
    #[zbus(signal)]
    fn tick(&self, number: u64) -> zbus::Result<()>;
}

pub(crate) struct Zbus {
    process: PluginProcess,
    connection: Option<Connection>,
}

impl Peer for Zbus {
    type Client = AdderProxy<'static>;

    async fn new(program: PluginProgram) -> Result<Self> {
        Ok(Self { process: PluginProcess::new(PeerName::Zbus, program)?, connection: None })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()?;
        let stream = self.process.connect()?;
        self.connection = Some(Builder::unix_stream(stream).p2p().build().await?);
        Ok(())
    }

    async fn client(&self) -> Result<AdderProxy<'static>> {
        let connection = self.connection.as_ref().context("the other process was not started")?;
        let proxy = AdderProxy::builder(connection).cache_properties(CacheProperties::No);
        Ok(proxy.build().await?)
    }

    fn process_id(&self) -> Result<u32> {
        self.process.id()
    }

    async fn stop(&mut self) -> Result<()> {
        self.connection = None;
        self.process.stop();
        Ok(())
    }
}

impl Client for AdderProxy<'static> {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, a, b).await?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        Ok(Self::echo(self, serde_bytes::Bytes::new(&bytes)).await?.into_vec().into())
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        Ok(Self::take(self, serde_bytes::Bytes::new(&bytes)).await?)
    }

    async fn slow(&mut self) -> Result<()> {
        Ok(Self::slow(self).await?)
    }

    async fn call_back(&mut self, calls: Callbacks) -> Result<()> {
        let mut ticks = self.receive_tick().await?;
        let arrive = async {
            for number in 0..calls.count {
                let tick = ticks.next().await.context("the signals have ended")?;
                let came = *tick.args()?.number();
                ensure!(came == number, "{came} in place of {number}");
            }
            anyhow::Ok(())
        };
        let (called, arrived) = tokio::join!(Self::call_back(self, calls.count), arrive);
        called?;
        arrived
    }
}

/// Is the plugin process.
pub(super) async fn serve() -> Result<()> {
    let listener = listener_async()?;
    let mut connections = Vec::new();
    loop {
        let (stream, _) = listener.accept().await?;
        let builder = Builder::unix_stream(stream.into_std()?).server(zbus::Guid::generate()).p2p();
        connections.push(builder.serve_at(PATH, Adder).build().await?);
    }
}
