//! The peers: ways to call another process.
//!
//! Each peer is written as its own documentation recommends, without tricks that its users
//! would not find, and runs on current-thread runtimes on both sides unless its name says
//! otherwise. So the benchmark compares ways of calling, not the scheduling around them.
//!
//! This room imports from `vocabulary`, `programs` and `processes`, and never from `rows`.
//! Start reading at [`bare`], the simplest peers, and at
//! [`plugin_process`], which starts the plugin process of most peers.

mod bare;
pub(crate) mod go_plugin;
mod goplug;
mod hyper;
mod plugin_process;
mod serve;
mod tarpc;
mod tonic;
mod vox;
mod zbus;

pub(crate) use self::bare::{Blocking, Tokio};
pub(crate) use self::goplug::{
    Adder, Asker, Fourth, GoplugBlocking, GoplugBlockingInstalled, GoplugEmbedded,
    GoplugFourPlugins, GoplugHundred, GoplugInstalled, GoplugNoPolling, GoplugSandboxed,
    GoplugServed, GoplugServing, Hundred, Second, Third,
};
pub(crate) use self::hyper::Hyper;
pub(crate) use self::serve::serve;
pub(crate) use self::tarpc::Tarpc;
pub(crate) use self::tonic::Tonic;
pub(crate) use self::vox::Vox;
pub(crate) use self::zbus::Zbus;
