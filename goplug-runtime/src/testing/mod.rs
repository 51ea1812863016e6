//! For the tests of users: of plugins, of contracts, and of hosts.
//!
//! [`InProcess`] is a plugin without a process, for the clients of the plugin. It takes the way of a real
//! plugin from the first byte of a request's body to the last of the response's: the same table, the
//! same codec, the same errors. What it lacks is the socket. [`Host`] hears what a plugin's code calls in
//! its host. `registry` makes a real registry on a folder of its own. `kept` compares a contract with a
//! file.
//!
//! The files, each of which imports only from those before it: `kept_needs`, `kept`; `runtime`,
//! `failure`, `callbacks`, `fault`, the streams of results in `items`, those of arguments in `sending`,
//! what a method reports in `reported_answer`, and the plugin without its type in `local`; `in_process`,
//! `host`; `test_registry`. The room imports from all others. Start reading at `in_process`.

mod callbacks;
mod failure;
mod fault;
mod host;
mod in_process;
mod items;
#[cfg(any(feature = "host", feature = "schema"))]
mod kept;
#[cfg(any(feature = "host", feature = "schema"))]
mod kept_needs;
mod local;
mod reported_answer;
mod runtime;
mod sending;
#[cfg(feature = "host")]
mod test_registry;

pub use fault::Fault;
pub use host::Host;
pub use in_process::InProcess;
#[cfg(any(feature = "host", feature = "schema"))]
#[doc(hidden)]
pub use kept::{Kept, KeptClient, contract_is_kept};
#[cfg(feature = "host")]
pub use test_registry::{TestRegistry, TestRegistryBuilder, registry};
