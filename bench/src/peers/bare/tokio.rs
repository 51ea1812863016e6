//! The bare socket in tokio: the lower bound for an async host.

use anyhow::{Context, Result, ensure};
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::frame::{Frame, HEAD, Kind, Pair, check_callback};
use super::respond::{Response, respond};
use crate::peers::plugin_process::{PluginProcess, listener_async};
use crate::vocabulary::workload::{CHUNK, SLOW_CALL};
use crate::vocabulary::{Callbacks, Client, Peer, PeerName, PluginProgram};

/// A body up to this size is copied behind its head, so that one system call sends both.
const SMALL: usize = 16 << 10;

pub(crate) struct Tokio {
    process: PluginProcess,
}

impl Peer for Tokio {
    type Client = Connection;

    async fn new(program: PluginProgram) -> Result<Self> {
        Ok(Self { process: PluginProcess::new(PeerName::Tokio, program)? })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()
    }

    async fn client(&self) -> Result<Connection> {
        Ok(Connection::new(self.process.connect_async().await?))
    }

    fn process_id(&self) -> Result<u32> {
        self.process.id()
    }

    async fn stop(&mut self) -> Result<()> {
        self.process.stop();
        Ok(())
    }
}

/// One connection, on either side.
pub(crate) struct Connection {
    stream: UnixStream,
    incoming: BytesMut,
    outgoing: BytesMut,
}

impl Connection {
    fn new(stream: UnixStream) -> Self {
        let buffer = || BytesMut::with_capacity(SMALL);
        Self { stream, incoming: buffer(), outgoing: buffer() }
    }

    async fn send(&mut self, kind: Kind, body: &[u8]) -> Result<()> {
        let head = Frame::head(kind, body.len())?;
        if body.len() > SMALL {
            self.stream.write_all(&head).await?;
            return Ok(self.stream.write_all(body).await?);
        }
        self.outgoing.clear();
        self.outgoing.extend_from_slice(&head);
        self.outgoing.extend_from_slice(body);
        Ok(self.stream.write_all(&self.outgoing).await?)
    }

    /// The next frame. `None` at the end of the connection.
    async fn receive(&mut self) -> Result<Option<Frame>> {
        loop {
            if let Some(frame) = Frame::take(&mut self.incoming)? {
                return Ok(Some(frame));
            }
            self.incoming.reserve(HEAD);
            if self.stream.read_buf(&mut self.incoming).await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn response(&mut self) -> Result<Frame> {
        self.receive().await?.context("the other process has closed the connection")
    }
}

impl Client for Connection {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Frame::json(&mut self.outgoing, Kind::Add, &Pair { a, b })?;
        self.stream.write_all(&self.outgoing).await?;
        Ok(serde_json::from_slice(&self.response().await?.body)?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        self.send(Kind::Echo, &bytes).await?;
        Ok(self.response().await?.body)
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        self.send(Kind::Take, &bytes).await?;
        Ok(serde_json::from_slice(&self.response().await?.body)?)
    }

    async fn receive_items(&mut self, count: u64) -> Result<()> {
        self.call_back(Callbacks { count, joined: true }).await
    }

    async fn receive_chunks(&mut self, count: u64) -> Result<()> {
        Frame::json(&mut self.outgoing, Kind::Chunk, &count)?;
        self.stream.write_all(&self.outgoing).await?;
        for _ in 0..count {
            ensure!(self.response().await?.body.len() == CHUNK, "a short chunk");
        }
        Ok(())
    }

    async fn send_chunks(&mut self, count: u64) -> Result<()> {
        let chunk = vec![7; CHUNK];
        for _ in 0..count {
            self.send(Kind::Chunk, &chunk).await?;
        }
        self.send(Kind::Chunk, &[]).await?;
        self.response().await?;
        Ok(())
    }

    async fn slow(&mut self) -> Result<()> {
        Frame::json(&mut self.outgoing, Kind::Slow, &())?;
        self.stream.write_all(&self.outgoing).await?;
        Ok(serde_json::from_slice(&self.response().await?.body)?)
    }

    async fn call_back(&mut self, calls: Callbacks) -> Result<()> {
        Frame::json(&mut self.outgoing, Kind::CallBack, &calls)?;
        self.stream.write_all(&self.outgoing).await?;
        for number in 0..calls.count {
            check_callback(&self.response().await?, number)?;
        }
        Ok(())
    }
}

/// Is the plugin process. Serves each connection in a task of its own.
pub(crate) async fn serve() -> Result<()> {
    let listener = listener_async()?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = serve_connection(Connection::new(stream)).await {
                eprintln!("a connection: {error:#}");
            }
        });
    }
}

async fn serve_connection(mut connection: Connection) -> Result<()> {
    while let Some(frame) = connection.receive().await? {
        match respond(frame, &mut connection.outgoing)? {
            Response::Buffered => connection.stream.write_all(&connection.outgoing).await?,
            Response::Delayed => {
                tokio::time::sleep(SLOW_CALL).await;
                connection.stream.write_all(&connection.outgoing).await?;
            }
            Response::None => {}
            Response::Chunks(count) => {
                let chunk = vec![7; CHUNK];
                for _ in 0..count {
                    connection.send(Kind::Chunk, &chunk).await?;
                }
            }
            Response::Bytes(kind, bytes) => connection.send(kind, &bytes).await?,
            Response::Callbacks(mut batches) => {
                while batches.next(&mut connection.outgoing)? {
                    connection.stream.write_all(&connection.outgoing).await?;
                }
            }
        }
    }
    Ok(())
}
