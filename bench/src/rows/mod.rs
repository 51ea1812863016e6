//! The rows: what is done with a peer, and what is measured meanwhile. One file is one row, or
//! two rows that differ by a parameter.
//!
//! A row knows a peer only by the traits `Peer` and `Client`. This room imports from
//! `vocabulary`, `programs` and `processes`, and never from `peers`. Start reading at
//! [`add`], the simplest row.

mod add;
mod beside_slow;
mod bind;
mod bytes_beside;
mod callbacks;
mod chunks;
pub(crate) mod discover;
mod echo;
mod idle_host;
mod in_flight;
pub(crate) mod instances;
pub(crate) mod instructions;
mod items;
mod large;
mod memory;
pub(crate) mod program;
mod rare;
mod service;
mod start;
mod stopwatch;
mod usage;

use anyhow::{Result, bail};

use crate::vocabulary::{Peer, RowName, Scale};

/// Takes one sample of a row in which a host calls a peer.
///
/// # Errors
/// The sample failed, or the row is one of [`discover`], [`instances`], [`instructions`] and [`program`],
/// which are not about calls that this host makes.
pub(crate) async fn sample<P: Peer>(row: RowName, scale: Scale) -> Result<Vec<f64>> {
    if row == RowName::IdleHost {
        return idle_host::sample::<P>(row.plugin_program(), scale).await;
    }
    let mut peer = P::new(row.plugin_program()).await?;
    let sample = match row {
        RowName::Add => add::sample(&mut peer, scale).await,
        RowName::Rare => rare::sample(&mut peer, scale).await,
        RowName::Echo => echo::sample(&mut peer, scale).await,
        RowName::InFlight => in_flight::sample(&mut peer, scale).await,
        RowName::BesideSlow => beside_slow::sample(&mut peer, scale).await,
        RowName::Take => large::take(&mut peer, scale).await,
        RowName::EchoLarge => large::echo(&mut peer, scale).await,
        RowName::BytesBeside => bytes_beside::sample(&mut peer, scale).await,
        RowName::Service => service::sample(&mut peer, scale).await,
        RowName::Callbacks => callbacks::sample(&mut peer, scale, false).await,
        RowName::JoinedCallbacks => callbacks::sample(&mut peer, scale, true).await,
        RowName::ReceiveItems => items::receive(&mut peer, scale).await,
        RowName::SendItems => items::send(&mut peer, scale).await,
        RowName::ReceiveChunks => chunks::receive(&mut peer, scale).await,
        RowName::SendChunks => chunks::send(&mut peer, scale).await,
        RowName::Start => start::sample(&mut peer, scale).await,
        RowName::Bind => bind::sample(&mut peer).await,
        RowName::Memory => memory::sample(&mut peer).await,
        _ => bail!("this row does not call the peer"),
    };
    peer.stop().await?;
    sample
}
