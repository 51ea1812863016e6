//! The bare socket without a runtime: the lower bound for any host that makes one call at a
//! time.
//!
//! Its futures are never pending: they block when they are polled, and are then ready.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use bytes::{Bytes, BytesMut};

use super::frame::{Frame, Kind, Pair, check_callback};
use super::respond::{Response, respond};
use crate::peers::plugin_process::{PluginProcess, listener};
use crate::vocabulary::workload::{CHUNK, SLOW_CALL};
use crate::vocabulary::{Callbacks, Client, Peer, PeerName, PluginProgram};

/// A body up to this size is copied behind its head, so that one system call sends both.
const SMALL: usize = 16 << 10;

pub(crate) struct Blocking {
    process: PluginProcess,
}

impl Peer for Blocking {
    type Client = Connection;

    async fn new(program: PluginProgram) -> Result<Self> {
        Ok(Self { process: PluginProcess::new(PeerName::Blocking, program)? })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()
    }

    async fn client(&self) -> Result<Connection> {
        Ok(Connection::new(self.process.connect()?))
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
    chunk: Vec<u8>,
    incoming: BytesMut,
    outgoing: BytesMut,
}

impl Connection {
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

    /// The next frame. `None` at the end of the connection.
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

    fn response(&mut self) -> Result<Frame> {
        self.receive()?.context("the other process has closed the connection")
    }
}

impl Client for Connection {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Frame::json(&mut self.outgoing, Kind::Add, &Pair { a, b })?;
        self.stream.write_all(&self.outgoing)?;
        Ok(serde_json::from_slice(&self.response()?.body)?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        self.send(Kind::Echo, &bytes)?;
        Ok(self.response()?.body)
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        self.send(Kind::Take, &bytes)?;
        Ok(serde_json::from_slice(&self.response()?.body)?)
    }

    async fn call_back(&mut self, calls: Callbacks) -> Result<()> {
        Frame::json(&mut self.outgoing, Kind::CallBack, &calls)?;
        self.stream.write_all(&self.outgoing)?;
        for number in 0..calls.count {
            check_callback(&self.response()?, number)?;
        }
        Ok(())
    }
}

/// Is the plugin process. Serves one connection until its end.
pub(crate) fn serve() -> Result<()> {
    let (stream, _) = listener()?.accept()?;
    let mut connection = Connection::new(stream);
    while let Some(frame) = connection.receive()? {
        match respond(frame, &mut connection.outgoing)? {
            Response::Buffered => connection.stream.write_all(&connection.outgoing)?,
            Response::Delayed => {
                std::thread::sleep(SLOW_CALL);
                connection.stream.write_all(&connection.outgoing)?;
            }
            Response::None => {}
            Response::Chunks(count) => {
                let chunk = vec![7; CHUNK];
                for _ in 0..count {
                    connection.send(Kind::Chunk, &chunk)?;
                }
            }
            Response::Bytes(kind, bytes) => connection.send(kind, &bytes)?,
            Response::Callbacks(mut batches) => {
                while batches.next(&mut connection.outgoing)? {
                    connection.stream.write_all(&connection.outgoing)?;
                }
            }
        }
    }
    Ok(())
}
