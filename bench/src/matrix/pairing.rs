//! Peers and rows paired: the type behind a peer's name, called by a row.

use anyhow::{Result, bail};
use tokio::runtime::{Builder, Runtime};

use crate::peers::{
    self, Blocking, GoplugBlocking, GoplugBlockingInstalled, GoplugEmbedded, GoplugFourPlugins,
    GoplugHundred, GoplugInstalled, GoplugNoPolling, GoplugSandboxed, GoplugServed, GoplugServing,
    Hyper, Tarpc, Tokio, Tonic, Vox, Zbus,
};
use crate::rows::{self, discover, instances, instructions, program};
use crate::vocabulary::{Peer, PeerName, PluginProgram, RowName, Scale, UNSUPPORTED};

/// Takes one sample, in the host.
pub(super) fn sample(peer: PeerName, row: RowName, scale: Scale) -> Result<Vec<f64>> {
    match row {
        RowName::Instructions => return instructions::sample(peer),
        RowName::Size => return program::size(peer),
        RowName::Crates => return program::crates(peer),
        RowName::Build => return program::build(peer),
        _ => {}
    }
    let host = Host { runtime: runtime_of(peer)?, row, scale };
    match peer {
        PeerName::Blocking => host.sample::<Blocking>(),
        PeerName::Tokio => host.sample::<Tokio>(),
        PeerName::Hyper => host.sample::<Hyper>(),
        PeerName::Goplug if row == RowName::Discover => host.runtime.block_on(discover::sample()),
        PeerName::Goplug if row == RowName::Instances => {
            host.runtime.block_on(instances::sample(scale))
        }
        PeerName::Goplug if row == RowName::Bind => host.sample::<GoplugHundred>(),
        PeerName::Goplug if row == RowName::Service => host.sample::<GoplugServing>(),
        PeerName::Goplug if row == RowName::IdleHost => host.sample::<GoplugFourPlugins>(),
        PeerName::Goplug if host.is_dedicated() => host.sample::<GoplugInstalled>(),
        PeerName::Goplug | PeerName::GoplugMain => host.sample::<GoplugEmbedded>(),
        PeerName::GoplugNoPolling => host.sample::<GoplugNoPolling>(),
        PeerName::GoplugSandboxed => host.sample::<GoplugSandboxed>(),
        PeerName::GoplugSpawned if row == RowName::Service => {
            let sample = rows::sample::<GoplugServing>(row, scale);
            host.runtime.block_on(host.runtime.spawn(sample))?
        }
        PeerName::GoplugSpawned => {
            let sample = rows::sample::<GoplugEmbedded>(row, scale);
            host.runtime.block_on(host.runtime.spawn(sample))?
        }
        PeerName::GoplugBlocking if host.is_dedicated() => host.sample::<GoplugBlockingInstalled>(),
        PeerName::GoplugBlocking => host.sample::<GoplugBlocking>(),
        PeerName::Tarpc => host.sample::<Tarpc<1>>(),
        PeerName::Tarpc4 => host.sample::<Tarpc<4>>(),
        PeerName::Tonic => host.sample::<Tonic>(),
        PeerName::Zbus => host.sample::<Zbus>(),
        PeerName::Vox => host.sample::<Vox>(),
        PeerName::GoPlugin => peers::go_plugin::sample(row, scale),
    }
}

/// Makes this many calls, as a host whose instructions are counted.
pub(super) fn call(peer: PeerName, calls: i64) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match peer {
            PeerName::Blocking => instructions::call::<Blocking>(calls).await,
            PeerName::Tokio => instructions::call::<Tokio>(calls).await,
            PeerName::Hyper => instructions::call::<Hyper>(calls).await,
            PeerName::Goplug => instructions::call::<GoplugServed>(calls).await,
            PeerName::Tarpc => instructions::call::<Tarpc<1>>(calls).await,
            PeerName::Tonic => instructions::call::<Tonic>(calls).await,
            PeerName::Zbus => instructions::call::<Zbus>(calls).await,
            PeerName::Vox => instructions::call::<Vox>(calls).await,
            _ => bail!(UNSUPPORTED),
        }
    })
}

/// What a sample of any peer needs.
struct Host {
    runtime: Runtime,
    row: RowName,
    scale: Scale,
}

impl Host {
    fn sample<P: Peer>(&self) -> Result<Vec<f64>> {
        self.runtime.block_on(rows::sample::<P>(self.row, self.scale))
    }

    fn is_dedicated(&self) -> bool {
        self.row.plugin_program() == PluginProgram::Dedicated
    }
}

fn runtime_of(peer: PeerName) -> Result<Runtime> {
    let mut runtime = match peer {
        PeerName::GoplugSpawned | PeerName::GoplugMain => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    Ok(runtime.enable_all().build()?)
}
