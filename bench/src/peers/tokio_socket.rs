//! The bare socket within tokio: what an async host cannot do better than.

use anyhow::{Context, Result};
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::bare::{self, Answer, Frame, HEAD, Kind, Pair, check_callback};
use super::process::{Process, listener_async};
use super::{Callbacks, End, Link, Peer, PeerName, SLOWNESS};

/// Bodies up to this size are copied behind their head, and sent by one system call.
const SMALL: usize = 16 << 10;

pub(super) struct Tokio {
    process: Process,
}

impl Peer for Tokio {
    type Link = Stream;

    async fn new(end: End) -> Result<Self> {
        Ok(Self { process: Process::of(PeerName::Tokio, end)? })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()
    }

    async fn link(&self) -> Result<Stream> {
        Ok(Stream::new(self.process.connect_async().await?))
    }

    fn process(&self) -> Result<u32> {
        self.process.id()
    }

    async fn stop(&mut self) -> Result<()> {
        self.process.stop();
        Ok(())
    }
}

/// One connection, at either end.
pub(super) struct Stream {
    stream: UnixStream,
    incoming: BytesMut,
    outgoing: BytesMut,
}

impl Stream {
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

    /// The next frame; `None` at the end of the connection.
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

    async fn answer(&mut self) -> Result<Frame> {
        self.receive().await?.context("the other process has closed the connection")
    }
}

impl Link for Stream {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Frame::json(&mut self.outgoing, Kind::Add, &Pair { a, b })?;
        self.stream.write_all(&self.outgoing).await?;
        Ok(serde_json::from_slice(&self.answer().await?.body)?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        self.send(Kind::Echo, &bytes).await?;
        Ok(self.answer().await?.body)
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        self.send(Kind::Take, &bytes).await?;
        Ok(serde_json::from_slice(&self.answer().await?.body)?)
    }

    async fn slow(&mut self) -> Result<()> {
        Frame::json(&mut self.outgoing, Kind::Slow, &())?;
        self.stream.write_all(&self.outgoing).await?;
        Ok(serde_json::from_slice(&self.answer().await?.body)?)
    }

    async fn call_back(&mut self, calls: Callbacks) -> Result<()> {
        Frame::json(&mut self.outgoing, Kind::CallBack, &calls)?;
        self.stream.write_all(&self.outgoing).await?;
        for number in 0..calls.count {
            check_callback(&self.answer().await?, number)?;
        }
        Ok(())
    }
}

pub(super) async fn serve() -> Result<()> {
    let listener = listener_async()?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = serve_one(Stream::new(stream)).await {
                eprintln!("a connection: {error:#}");
            }
        });
    }
}

async fn serve_one(mut stream: Stream) -> Result<()> {
    while let Some(frame) = stream.receive().await? {
        match bare::answer(frame, &mut stream.outgoing)? {
            Answer::Buffered => stream.stream.write_all(&stream.outgoing).await?,
            Answer::Late => {
                tokio::time::sleep(SLOWNESS).await;
                stream.stream.write_all(&stream.outgoing).await?;
            }
            Answer::Bytes(kind, bytes) => stream.send(kind, &bytes).await?,
            Answer::Callbacks(mut pieces) => {
                while pieces.next(&mut stream.outgoing)? {
                    stream.stream.write_all(&stream.outgoing).await?;
                }
            }
        }
    }
    Ok(())
}
