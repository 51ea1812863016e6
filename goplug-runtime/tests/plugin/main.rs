//! The plugin's server, over real sockets.

mod bad_input;
mod callbacks;
mod calls;
mod client;
mod http;
mod legacy;
mod stop;
mod typed;
