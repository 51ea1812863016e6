//! The plugin's side: the server, its callbacks out, the program's verbs.
//!
//! A request comes in on a connection, names a method, and is answered by that method's
//! handler within the connection's own task. Everything that generated code needs stands on
//! [`PluginServer`], which works without any.

mod answer;
mod builder;
mod callbacks;
mod connection;
mod dispatch;
mod hooks;
mod lifecycle;
pub mod program;
mod publish;
mod race;
mod request;
mod server;
mod service;

pub use builder::ServerBuilder;
pub use callbacks::{RegisteredCallback, RegisteredHost};
pub use server::PluginServer;
