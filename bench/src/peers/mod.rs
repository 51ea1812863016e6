//! The peers: ways to call another process.
//!
//! Each is written as its own documentation has it, without tricks that its users would not
//! come upon, and runs on current-thread runtimes on both sides unless its name says
//! otherwise: so it is the way of calling that is compared, not the scheduling around it.

mod bare;
mod blocking;
mod go_plugin;
mod goplug;
mod goplug_blocking;
mod goplug_many;
mod goplug_own;
mod goplug_served;
mod hyper;
mod name;
mod process;
mod tarpc;
mod tokio_socket;
mod tonic;
mod vox;
mod zbus;

use std::time::Duration;

use anyhow::{Result, bail};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;

pub(crate) use self::goplug::Adder;
pub(crate) use self::goplug_many::{Fourth, Second, Third};
pub(crate) use self::name::PeerName;
use crate::rows::{Row, Scale, discover, instructions, program};

/// A peer that is asked for something it has no part in.
const UNKNOWN: &str = "the peer has no part in this";

/// A way to call another process, from the host's side.
pub(crate) trait Peer: Sized {
    type Link: Link;

    /// How many other processes it starts at once, all of them of one host.
    const PROCESSES: usize = 1;

    /// What a host has before it starts anything.
    async fn new(end: End) -> Result<Self>;

    /// Starts the other process. It may not be ready yet.
    async fn start(&mut self) -> Result<()>;

    /// A way to call it: a connection of its own, or a share of one, whichever is the
    /// peer's custom.
    async fn link(&self) -> Result<Self::Link>;

    /// The id of the other process.
    fn process(&self) -> Result<u32>;

    /// Ends the other process; another may be started then.
    async fn stop(&mut self) -> Result<()>;
}

/// Which program the other process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// This one, which has every peer in it.
    Shared,
    /// One that has nothing but this peer in it, and does nothing but add.
    Own,
}

/// For how many microseconds a socket is looked at with busy polling.
const BUSY: u64 = 50;

/// How long the slow method takes.
pub(crate) const SLOWNESS: Duration = Duration::from_millis(50);

/// What a caller holds: one call at a time.
pub(crate) trait Link: Send + 'static {
    /// Adds two integers, with types.
    fn add(&mut self, a: i64, b: i64) -> impl Future<Output = Result<i64>> + Send;

    /// Bytes there and back.
    fn echo(&mut self, _: Bytes) -> impl Future<Output = Result<Bytes>> + Send {
        async { bail!(UNKNOWN) }
    }

    /// Bytes there, and their number back.
    fn take(&mut self, _: Bytes) -> impl Future<Output = Result<u64>> + Send {
        async { bail!(UNKNOWN) }
    }

    /// Waits for [`SLOWNESS`], in the other process.
    fn slow(&mut self) -> impl Future<Output = Result<()>> + Send {
        async { bail!(UNKNOWN) }
    }

    /// Has the other process call back, and waits until all of that has arrived.
    fn call_back(&mut self, _: Callbacks) -> impl Future<Output = Result<()>> + Send {
        async { bail!(UNKNOWN) }
    }
}

/// How often the other process is to call back, with a number each time.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Callbacks {
    pub(crate) count: u64,
    /// Whether a callback may wait until more have come together, as they do where one
    /// follows upon the other.
    pub(crate) joined: bool,
}

/// Takes one sample, as the host.
pub(crate) fn sample(peer: PeerName, row: Row, scale: Scale) -> Result<Vec<f64>> {
    match row {
        Row::Instructions => return instructions::sample(peer),
        Row::Size => return program::size(peer),
        Row::Crates => return program::crates(peer),
        Row::Build => return program::build(peer),
        _ => {}
    }
    let mut runtime = match peer {
        PeerName::GoplugSpawned | PeerName::GoplugMain => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build()?;
    match peer {
        PeerName::Blocking => runtime.block_on(row.sample::<blocking::Blocking>(scale)),
        PeerName::Tokio => runtime.block_on(row.sample::<tokio_socket::Tokio>(scale)),
        PeerName::Hyper => runtime.block_on(row.sample::<hyper::Hyper>(scale)),
        PeerName::Goplug if row == Row::Discover => runtime.block_on(discover::sample()),
        PeerName::Goplug if row == Row::IdleHost => {
            runtime.block_on(row.sample::<goplug_many::GoplugMany>(scale))
        }
        PeerName::Goplug if row.end() == End::Own => {
            runtime.block_on(row.sample::<goplug_own::GoplugOwn>(scale))
        }
        PeerName::Goplug | PeerName::GoplugMain => {
            runtime.block_on(row.sample::<goplug::Goplug<0>>(scale))
        }
        PeerName::GoplugBusy => runtime.block_on(row.sample::<goplug::Goplug<BUSY>>(scale)),
        PeerName::GoplugSpawned => {
            runtime.block_on(runtime.spawn(row.sample::<goplug::Goplug<0>>(scale)))?
        }
        PeerName::GoplugBlocking if row.end() == End::Own => {
            runtime.block_on(row.sample::<goplug_own::GoplugBlockingOwn>(scale))
        }
        PeerName::GoplugBlocking => {
            runtime.block_on(row.sample::<goplug_blocking::GoplugBlocking>(scale))
        }
        PeerName::Tarpc => runtime.block_on(row.sample::<tarpc::Tarpc<1>>(scale)),
        PeerName::Tarpc4 => runtime.block_on(row.sample::<tarpc::Tarpc<4>>(scale)),
        PeerName::Tonic => runtime.block_on(row.sample::<tonic::Tonic>(scale)),
        PeerName::Zbus => runtime.block_on(row.sample::<zbus::Zbus>(scale)),
        PeerName::Vox => runtime.block_on(row.sample::<vox::Vox>(scale)),
        PeerName::GoPlugin => go_plugin::sample(row, scale),
    }
}

/// Calls this often, as a host whose instructions are counted.
pub(crate) fn call(peer: PeerName, calls: i64) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match peer {
            PeerName::Blocking => instructions::call::<blocking::Blocking>(calls).await,
            PeerName::Tokio => instructions::call::<tokio_socket::Tokio>(calls).await,
            PeerName::Hyper => instructions::call::<hyper::Hyper>(calls).await,
            PeerName::Goplug => instructions::call::<goplug_served::GoplugServed>(calls).await,
            PeerName::Tarpc => instructions::call::<tarpc::Tarpc<1>>(calls).await,
            PeerName::Tonic => instructions::call::<tonic::Tonic>(calls).await,
            PeerName::Zbus => instructions::call::<zbus::Zbus>(calls).await,
            PeerName::Vox => instructions::call::<vox::Vox>(calls).await,
            _ => bail!(UNKNOWN),
        }
    })
}

/// Is the other process. Does not return while the host lives.
pub(crate) fn serve(peer: PeerName) -> Result<()> {
    if peer == PeerName::Blocking {
        return blocking::serve();
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match peer {
            PeerName::Tokio => tokio_socket::serve().await,
            PeerName::Hyper => hyper::serve().await,
            PeerName::Goplug => goplug_served::serve().await,
            PeerName::Tarpc => tarpc::serve().await,
            PeerName::Tonic => tonic::serve().await,
            PeerName::Zbus => zbus::serve().await,
            PeerName::Vox => vox::serve().await,
            _ => bail!(UNKNOWN),
        }
    })
}
