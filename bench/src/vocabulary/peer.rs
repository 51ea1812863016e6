//! A peer as a row sees it: a plugin process that can be started and stopped, and clients
//! that call it.

use anyhow::{Result, bail};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The error of a peer that is asked for something that it does not implement.
pub(crate) const UNSUPPORTED: &str = "the peer has no part in this";

/// One way to call another process, seen from the host.
pub(crate) trait Peer: Sized {
    /// What one caller holds.
    type Client: Client;

    /// How many plugin processes one [`start`](Self::start) starts, all for the same host.
    const PROCESSES: usize = 1;

    /// Sets up what a host needs before it starts a plugin process.
    async fn new(program: PluginProgram) -> Result<Self>;

    /// Starts the plugin process. The process may not be ready yet when this returns.
    async fn start(&mut self) -> Result<()>;

    /// A client for one caller: on a connection of its own or on a shared one, whichever is
    /// usual for the peer.
    async fn client(&self) -> Result<Self::Client>;

    /// The operating system's id of the plugin process.
    fn process_id(&self) -> Result<u32>;

    /// Ends the plugin process. Another one may be started afterwards.
    async fn stop(&mut self) -> Result<()>;
}

/// Which program a plugin process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PluginProgram {
    /// The benchmark's own program, which contains every peer.
    Shared,
    /// A program that contains only this peer and only the method `add`.
    Dedicated,
}

/// What one caller holds: it makes one call at a time.
pub(crate) trait Client: Send + 'static {
    /// The typed call: adds two integers.
    fn add(&mut self, a: i64, b: i64) -> impl Future<Output = Result<i64>> + Send;

    /// Sends bytes and receives the same bytes.
    fn echo(&mut self, _: Bytes) -> impl Future<Output = Result<Bytes>> + Send {
        async { bail!(UNSUPPORTED) }
    }

    /// Sends bytes and receives how many of them arrived.
    fn take(&mut self, _: Bytes) -> impl Future<Output = Result<u64>> + Send {
        async { bail!(UNSUPPORTED) }
    }

    /// Sends bytes beside two numbers, and receives the same bytes beside the sum of the numbers.
    fn echo_beside(
        &mut self,
        _: u32,
        _: u32,
        _: Bytes,
    ) -> impl Future<Output = Result<(u64, Bytes)>> + Send {
        async { bail!(UNSUPPORTED) }
    }

    /// Sends bytes beside two numbers, and receives the sum of the numbers and of how many bytes
    /// arrived.
    fn take_beside(
        &mut self,
        _: u32,
        _: u32,
        _: Bytes,
    ) -> impl Future<Output = Result<u64>> + Send {
        async { bail!(UNSUPPORTED) }
    }

    /// Makes the plugin process call its host this often, each time with two integers that the
    /// host adds, and waits for the last answer.
    fn ask(&mut self, _: u64) -> impl Future<Output = Result<()>> + Send {
        async { bail!(UNSUPPORTED) }
    }

    /// Calls a method that takes [`SLOW_CALL`](super::workload::SLOW_CALL) in the plugin
    /// process.
    fn slow(&mut self) -> impl Future<Output = Result<()>> + Send {
        async { bail!(UNSUPPORTED) }
    }

    /// Makes the plugin process call back, and waits until all callbacks have arrived.
    fn call_back(&mut self, _: Callbacks) -> impl Future<Output = Result<()>> + Send {
        async { bail!(UNSUPPORTED) }
    }

    /// Receives this many numbers as a stream, from 0.
    fn receive_items(&mut self, _: u64) -> impl Future<Output = Result<()>> + Send {
        async { bail!(UNSUPPORTED) }
    }

    /// Sends this many numbers as a stream, and receives how many of them arrived.
    fn send_items(&mut self, _: u64) -> impl Future<Output = Result<u64>> + Send {
        async { bail!(UNSUPPORTED) }
    }

    /// Receives this many chunks of [`CHUNK`](super::workload::CHUNK) bytes as a stream.
    fn receive_chunks(&mut self, _: u64) -> impl Future<Output = Result<()>> + Send {
        async { bail!(UNSUPPORTED) }
    }

    /// Sends this many chunks of [`CHUNK`](super::workload::CHUNK) bytes as a stream, and waits until
    /// all have arrived.
    fn send_chunks(&mut self, _: u64) -> impl Future<Output = Result<()>> + Send {
        async { bail!(UNSUPPORTED) }
    }
}

/// How many callbacks the plugin process is to make. Each one carries its number, from 0.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Callbacks {
    pub(crate) count: u64,
    /// Whether a peer may send several callbacks together. If false, the plugin process
    /// yields to its runtime after each callback.
    pub(crate) joined: bool,
}
