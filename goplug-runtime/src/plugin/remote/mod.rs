//! A plugin that serves the network: `serve --listen`.
//!
//! Requests come by HTTP/1.1 and HTTP/2, mostly with TLS, from many hosts at a time, and mostly through a
//! balancer. hyper and rustls carry them; the request handler answers them as it does those of a socket.
//! What is different: callers have to say who they are; the plugin activates itself, since no host owns
//! it, and none stops it; event streams say that they live; responses name the instance.
//!
//! The files, each of which imports only from those before it:
//! - `instance`, `options`: the name of the instance, and what the command line says
//! - `tls`, `tokens`, `security`: who may call, by files that are read again when they change
//! - `activity`: whether a connection may make way for another
//! - `feed`, `body`: the bodies of requests and of responses
//! - `streamed`, `replies`, `service`: from a request to its response
//! - `connection`, `listener`: one connection, and all of them
//!
//! Start with `listener`, and go on to `service`.

mod activity;
mod body;
mod connection;
mod feed;
mod instance;
mod listener;
mod options;
mod replies;
mod security;
mod service;
mod streamed;
mod tls;
mod tokens;

pub(super) use instance::Instance;
pub(super) use listener::RemoteListener;
pub(super) use options::{Consent, RemoteOptions, SecurityFiles, TlsFiles};
