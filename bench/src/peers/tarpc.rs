//! tarpc with bincode over a Unix socket, on one connection or on several.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::StreamExt;
use service_tarpc::{Adder, AdderClient};
use tarpc::serde_transport::{self, Transport};
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Bincode;
use tarpc::tokio_util::codec::LengthDelimitedCodec;
use tarpc::{client, context};
use tokio::net::UnixStream;

use super::plugin_process::{PluginProcess, listener_async};
use crate::vocabulary::workload::SLOW_CALL;
use crate::vocabulary::{Client, Peer, PeerName, PluginProgram};

/// In bytes. 16 MiB and their envelope must fit into one frame.
const LARGEST_FRAME: usize = 64 << 20;

#[derive(Clone)]
struct Server;

impl Adder for Server {
    async fn add(self, _: context::Context, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    async fn echo(self, _: context::Context, bytes: Bytes) -> Bytes {
        bytes
    }

    async fn take(self, _: context::Context, bytes: Bytes) -> u64 {
        bytes.len() as u64
    }

    async fn slow(self, _: context::Context) {
        tokio::time::sleep(SLOW_CALL).await;
    }
}

/// Clients on this many connections, which all callers share.
pub(crate) struct Tarpc<const CONNECTIONS: usize> {
    process: PluginProcess,
    clients: Vec<AdderClient>,
    next: AtomicUsize,
}

impl<const CONNECTIONS: usize> Peer for Tarpc<CONNECTIONS> {
    type Client = AdderClient;

    async fn new(program: PluginProgram) -> Result<Self> {
        let process = PluginProcess::new(PeerName::Tarpc, program)?;
        Ok(Self { process, clients: Vec::new(), next: AtomicUsize::new(0) })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()?;
        for _ in 0..CONNECTIONS {
            let transport = transport(self.process.connect_async().await?);
            self.clients.push(AdderClient::new(client::Config::default(), transport).spawn());
        }
        Ok(())
    }

    async fn client(&self) -> Result<AdderClient> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        self.clients.get(next).cloned().context("the other process was not started")
    }

    fn process_id(&self) -> Result<u32> {
        self.process.id()
    }

    async fn stop(&mut self) -> Result<()> {
        self.clients.clear();
        self.process.stop();
        Ok(())
    }
}

impl Client for AdderClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, context::current(), a, b).await?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        Ok(Self::echo(self, context::current(), bytes).await?)
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        Ok(Self::take(self, context::current(), bytes).await?)
    }

    async fn slow(&mut self) -> Result<()> {
        Ok(Self::slow(self, context::current()).await?)
    }
}

/// Is the plugin process. Serves each connection, and each call, in a task of its own.
pub(super) async fn serve() -> Result<()> {
    let listener = listener_async()?;
    loop {
        let (stream, _) = listener.accept().await?;
        let channel = BaseChannel::with_defaults(transport(stream));
        tokio::spawn(channel.execute(Server.serve()).for_each(|call| async {
            tokio::spawn(call);
        }));
    }
}

fn transport<In, Out>(stream: UnixStream) -> Transport<UnixStream, In, Out, Bincode<In, Out>>
where
    In: for<'de> serde::Deserialize<'de>,
    Out: serde::Serialize,
{
    let framed = LengthDelimitedCodec::builder().max_frame_length(LARGEST_FRAME).new_framed(stream);
    serde_transport::new(framed, Bincode::default())
}
