//! The plugin's side: the server, its callbacks to hosts, and the program's verbs.
//!
//! A request comes in on a connection and is answered within the connection's own task.
//! Generated code needs nothing but [`PluginServer`], which also works without generated code.
//!
//! The rooms, each of which imports only from those before it:
//! - `problems`, `select`: what requests are refused with, and waiting for more than one thing at
//!   a time
//! - `value`, `hooks`, `definition`: the value that the methods share, the plugin's own code at its
//!   start and its end, and everything else that is fixed
//! - `pconf_file`: the file by which hosts find the plugin
//! - `headers`, `route`: what the head of a request says
//! - `lifecycle`: how far the plugin has come, and what is in flight
//! - `callbacks`: which host listens to what, and what waits for it
//! - `local_services`: the services of a host in the same process, for tests
//! - `dispatch`, `result_stream`, `streaming`, `response`, `request_handler`: from a request to its response
//! - `hyper_body`: bodies in hyper's types
//! - `connection`: from bytes to requests, and from responses to bytes
//! - `services`: the services of hosts, for the plugin's own code
//! - `server`: the server of one plugin
//! - `remote`: a plugin that serves the network
//! - `builder`: how a server is made
//! - `logs`: what the program says with `tracing`, as records that its host reads
//! - `program`: a plugin's `main`
//!
//! None of them imports from `crate::host`. Start reading at `request_handler`.

mod builder;
mod callbacks;
mod connection;
mod definition;
mod dispatch;
mod headers;
mod hooks;
#[cfg(any(feature = "hyper", feature = "remote"))]
mod hyper_body;
mod lifecycle;
mod local_services;
#[cfg(feature = "logs")]
pub mod logs;
mod pconf_file;
mod problems;
pub mod program;
#[cfg(feature = "remote")]
mod remote;
mod request_handler;
mod response;
mod result_stream;
mod route;
mod select;
mod server;
mod services;
mod stop_times;
mod streaming;
mod value;

pub use builder::ServerBuilder;
pub use callbacks::{RegisteredCallback, RegisteredHost};
pub(crate) use local_services::LocalServices;
pub use server::PluginServer;
pub use services::{BlockingHost, Host, host};

/// The parts of a server that serve streams. Only the entries of methods with streams name this.
#[doc(hidden)]
pub const STREAMING: crate::typed::Streaming = crate::typed::Streaming(&[
    &streaming::STREAMED_CALLS,
    &connection::ANSWER_INCOMING,
    &connection::SEND_RESULT,
]);
