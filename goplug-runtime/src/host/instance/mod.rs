//! One process of a plugin: started, called, watched, stopped.
//!
//! An instance has two sides. All callers of the plugin share the [`Instance`] (`shared`). The
//! supervisor owns the [`OwnedInstance`] (`owned`): it alone starts and stops the process. The
//! room imports `policy`, `install`, `connection` and `output`. Start reading at `call` for a call, at
//! `launch` for a start.

mod activate;
mod attachment;
mod call;
mod call_body;
mod call_guard;
mod confinement;
mod described;
mod described_by;
mod exit;
mod failed_start;
mod failure;
mod grant;
mod health;
mod identity;
mod in_flight;
mod launch;
mod liveness;
mod origin;
mod outcome;
mod owned;
mod patience;
mod preflight;
mod process;
mod progress;
#[cfg_attr(not(feature = "remote"), path = "no_remote_endpoint.rs")]
mod remote_endpoint;
mod remote_link;
mod response;
mod result_stream;
mod sending;
mod shared;
mod sockets;
mod starting;
mod survivor;

pub(in crate::host) use call_guard::CallGuard;
pub(in crate::host) use confinement::unsupported;
pub(in crate::host) use exit::Exit;
pub(in crate::host) use failed_start::{StartCause, StartError};
pub(in crate::host) use grant::Grant;
pub(in crate::host) use identity::check_host;
pub(in crate::host) use launch::{Launch, probe, start_error};
pub(in crate::host) use owned::OwnedInstance;
pub(in crate::host) use patience::Patience;
pub(in crate::host) use progress::Listener;
pub(in crate::host) use response::{RequestLimits, into_result};
pub(in crate::host) use shared::Instance;
pub(in crate::host) use sockets::{Sockets, remove_abandoned};
pub(in crate::host) use starting::StartingInstance;
pub(in crate::host) use survivor::Survivor;
