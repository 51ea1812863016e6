//! The bare socket without a runtime: what no host at all can do better than, one call at a
//! time.
//!
//! Its futures never wait: they are ready when they are polled, and block until then.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use bytes::{Bytes, BytesMut};

use super::bare::{self, Answer, Frame, Kind, Pair, check_callback};
use super::process::{Process, listener};
use super::{Callbacks, End, Link, Peer, PeerName, SLOWNESS};

/// Bodies up to this size are copied behind their head, and sent by one system call.
const SMALL: usize = 16 << 10;

pub(super) struct Blocking {
    process: Process,
}

impl Peer for Blocking {
    type Link = Stream;

    async fn new(end: End) -> Result<Self> {
        Ok(Self { process: Process::of(PeerName::Blocking, end)? })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()
    }

    async fn link(&self) -> Result<Stream> {
        Ok(Stream::new(self.process.connect()?))
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
    chunk: Vec<u8>,
    incoming: BytesMut,
    outgoing: BytesMut,
}

impl Stream {
    fn new(stream: UnixStream) -> Self {
        let buffer = || BytesMut::with_capacity(SMALL);
        Self { stream, chunk: vec![0; SMALL], incoming: buffer(), outgoing: buffer() }
    }

    fn send(&mut self, kind: Kind, body: &[u8]) -> Result<()> {
        let head = Frame::head(kind, body.len())?;
        if body.len() > SMALL {
            self.stream.write_all(&head)?;
            return Ok(self.stream.write_all(body)?);
        }
        self.outgoing.clear();
        self.outgoing.extend_from_slice(&head);
        self.outgoing.extend_from_slice(body);
        Ok(self.stream.write_all(&self.outgoing)?)
    }

    /// The next frame; `None` at the end of the connection.
    fn receive(&mut self) -> Result<Option<Frame>> {
        loop {
            if let Some(frame) = Frame::take(&mut self.incoming)? {
                return Ok(Some(frame));
            }
            match self.stream.read(&mut self.chunk)? {
                0 => return Ok(None),
                count => self.incoming.extend_from_slice(&self.chunk[..count]),
            }
        }
    }

    fn answer(&mut self) -> Result<Frame> {
        self.receive()?.context("the other process has closed the connection")
    }
}

impl Link for Stream {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Frame::json(&mut self.outgoing, Kind::Add, &Pair { a, b })?;
        self.stream.write_all(&self.outgoing)?;
        Ok(serde_json::from_slice(&self.answer()?.body)?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        self.send(Kind::Echo, &bytes)?;
        Ok(self.answer()?.body)
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        self.send(Kind::Take, &bytes)?;
        Ok(serde_json::from_slice(&self.answer()?.body)?)
    }

    async fn call_back(&mut self, calls: Callbacks) -> Result<()> {
        Frame::json(&mut self.outgoing, Kind::CallBack, &calls)?;
        self.stream.write_all(&self.outgoing)?;
        for number in 0..calls.count {
            check_callback(&self.answer()?, number)?;
        }
        Ok(())
    }
}

pub(super) fn serve() -> Result<()> {
    let (stream, _) = listener()?.accept()?;
    let mut stream = Stream::new(stream);
    while let Some(frame) = stream.receive()? {
        match bare::answer(frame, &mut stream.outgoing)? {
            Answer::Buffered => stream.stream.write_all(&stream.outgoing)?,
            Answer::Late => {
                std::thread::sleep(SLOWNESS);
                stream.stream.write_all(&stream.outgoing)?;
            }
            Answer::Bytes(kind, bytes) => stream.send(kind, &bytes)?,
            Answer::Callbacks(mut pieces) => {
                while pieces.next(&mut stream.outgoing)? {
                    stream.stream.write_all(&stream.outgoing)?;
                }
            }
        }
    }
    Ok(())
}
