//! The plugin processes that run the benchmark's own program.

use anyhow::{Result, bail};
use tokio::runtime::Builder;

use super::{bare, goplug, hyper, tarpc, tonic, vox, zbus};
use crate::vocabulary::{PeerName, UNSUPPORTED};

/// Is the plugin process of a peer. Does not return while the host lives.
pub(crate) fn serve(peer: PeerName) -> Result<()> {
    if peer == PeerName::Blocking {
        return bare::serve_blocking();
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match peer {
            PeerName::Tokio => bare::serve_tokio().await,
            PeerName::Hyper => hyper::serve().await,
            PeerName::Goplug => goplug::serve().await,
            PeerName::Tarpc => tarpc::serve().await,
            PeerName::Tonic => tonic::serve().await,
            PeerName::Zbus => zbus::serve().await,
            PeerName::Vox => vox::serve().await,
            _ => bail!(UNSUPPORTED),
        }
    })
}
