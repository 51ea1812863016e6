//! The plugin's server, over real sockets.

mod activation;
mod bad_input;
mod callbacks;
mod calls;
mod client;
mod crowded;
#[cfg(feature = "hyper")]
mod differential;
mod hosts;
mod http;
mod legacy;
mod smuggling;
mod stop;
mod typed;
