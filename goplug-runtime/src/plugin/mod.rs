//! The plugin's side: the server, its callbacks to hosts, and the program's verbs.
//!
//! A request comes in on a connection and is answered within the connection's own task.
//! Generated code needs nothing but [`PluginServer`], which also works without generated code.
//!
//! The rooms, each of which imports only from those before it:
//! - `select`, `panic`: waiting for more than one thing at a time, and catching panics
//! - `problems`, `headers`: what a request is refused with, and what its fields say
//! - `hooks`, `lifecycle`: what the plugin's own code does at its start and its end, and how
//!   far the plugin has come
//! - `pconf_file`: the file by which hosts find the plugin
//! - `callbacks`: which host listens to what, and what waits for it
//! - `definition`: everything about the plugin that is fixed
//! - `route`, `response`, `dispatch`, `request_handler`: from a request to its response
//! - `connection`: from bytes to requests, and from responses to bytes
//! - `server`, `builder`: the server, and how it is made
//! - `program`: a plugin's `main`
//!
//! None of them imports from the crate's `host`. Start reading with `request_handler`.

mod builder;
mod callbacks;
mod connection;
mod definition;
mod dispatch;
mod headers;
mod hooks;
mod lifecycle;
mod panic;
mod pconf_file;
mod problems;
pub mod program;
mod request_handler;
mod response;
mod route;
mod select;
mod server;

pub use builder::ServerBuilder;
pub use callbacks::{RegisteredCallback, RegisteredHost};
pub use server::PluginServer;
