//! Where a plugin is, and the connections to it: on this machine, or at the end of a network.
//!
//! A plugin of this machine is called by this project's own codec on a local socket ([`LocalEndpoint`]),
//! one that serves a network by hyper and rustls ([`RemoteEndpoint`]). Both give the same answers, so
//! nothing but this file and `streams` beside it tells them apart. A remote plugin's futures are boxed: a
//! local call keeps no room for them.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::error::SendError;
use super::event_connection::EventConnection;
use super::event_stream::Opened;
use super::exchange::Connection;
use super::local::{Admission, LocalEndpoint};
use super::pipeline::PipelineOutcome;
use super::remote::RemoteEndpoint;
use super::reply_stream::ReplyStream;
use crate::http1::{Request, Response};

mod streams;

/// Where a plugin is, and the connections to it.
#[cfg_attr(
    not(feature = "remote"),
    allow(clippy::large_enum_variant, reason = "there is no value of the other variant")
)]
pub(in crate::host) enum Endpoint {
    Local(LocalEndpoint),
    #[cfg_attr(not(feature = "remote"), expect(dead_code, reason = "no plugin is remote"))]
    Remote(RemoteEndpoint),
}

impl Endpoint {
    /// That of a plugin of this machine.
    pub(in crate::host) fn local(&self) -> Option<&LocalEndpoint> {
        match self {
            Self::Local(local) => Some(local),
            Self::Remote(_) => None,
        }
    }

    /// That of a plugin that serves a network.
    pub(in crate::host) fn remote(&self) -> Option<&RemoteEndpoint> {
        match self {
            Self::Local(_) => None,
            Self::Remote(remote) => Some(remote),
        }
    }

    /// The path of the socket; `None` if the plugin serves a network.
    pub(in crate::host) fn socket(&self) -> Option<&Path> {
        self.local().map(LocalEndpoint::socket)
    }

    /// The URL of a plugin that serves a network, for people.
    pub(in crate::host) fn url(&self) -> Option<String> {
        self.remote().map(|remote| remote.url().to_string())
    }

    /// How many connections calls may have open.
    pub(in crate::host) fn max_connections(&self) -> usize {
        match self {
            Self::Local(local) => local.max_connections(),
            Self::Remote(remote) => remote.max_connections(),
        }
    }

    /// The largest body that is received, in bytes.
    pub(in crate::host) fn body_limit(&self) -> usize {
        match self {
            Self::Local(local) => local.body_limit(),
            Self::Remote(remote) => remote.body_limit(),
        }
    }

    /// Sends a request on a connection that `admission` allows. `is_only_call` says whether no other
    /// call is in flight. Dropping the future cancels the request.
    pub(in crate::host) async fn send(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
        is_only_call: impl Fn() -> bool,
    ) -> Result<Response, SendError> {
        match self {
            Self::Local(local) => local.send(request, deadline, admission, is_only_call).await,
            Self::Remote(remote) => Box::pin(remote.send(request, deadline, admission)).await,
        }
    }

    /// As [`Endpoint::send`], for a reply. Gives as well how many requests the connection has carried:
    /// a plugin of this machine polls it busily for the next request when this says so.
    pub(in crate::host) async fn send_reply(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        is_only_call: impl Fn() -> bool,
    ) -> Result<(Response, u32), SendError> {
        match self {
            Self::Local(local) => local.send_reply(request, deadline, is_only_call).await,
            Self::Remote(remote) => {
                let sent = Box::pin(remote.send(request, deadline, Admission::Control)).await;
                sent.map(|response| (response, 0))
            }
        }
    }

    /// Sends a request as [`Endpoint::send`] does, but blocks.
    pub(in crate::host) fn send_blocking(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Response, SendError> {
        match self {
            Self::Local(local) => local.send_blocking(request, deadline, admission),
            Self::Remote(remote) => remote.send_blocking(request, deadline, admission),
        }
    }

    /// Sends a request on a connection that it shares with other requests, as the plugins of this
    /// machine allow. To a remote plugin, HTTP/2 does so by itself.
    pub(in crate::host) async fn send_pipelined(
        &self,
        request: &Request<'_>,
        deadline: Instant,
    ) -> PipelineOutcome {
        match self {
            Self::Local(local) => local.send_pipelined(request, deadline).await,
            Self::Remote(_) => PipelineOutcome::NoRoom,
        }
    }

    /// Sends a request for a stream of callbacks, and waits for the head of the response. A connection
    /// has to be there within this time.
    pub(in crate::host) async fn open_stream(
        &self,
        request: &Request<'_>,
        within: Duration,
    ) -> io::Result<Opened<EventConnection>> {
        match self {
            Self::Local(local) => {
                let opened = local.open_stream(request, within).await?;
                Ok(opened.map(EventConnection::Local))
            }
            Self::Remote(remote) => {
                let opened = Box::pin(remote.open_stream(request, within)).await?;
                Ok(opened.map(EventConnection::Remote))
            }
        }
    }

    /// Opens a stream of replies by this request; `None` if the plugin refuses it, and for a remote
    /// plugin: proxies on the way may hold back what a request has sent so far.
    pub(in crate::host) async fn open_replies(
        &self,
        request: &Request<'_>,
        within: Duration,
    ) -> io::Result<Option<ReplyStream>> {
        match self {
            Self::Local(local) => local.open_replies(request, within).await,
            Self::Remote(_) => Ok(None),
        }
    }

    /// Opens a connection that is not in the pool.
    pub(in crate::host) async fn connect(&self) -> io::Result<Connection> {
        match self.local() {
            Some(local) => local.connect().await,
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Sends a request on this connection, without busy polling.
    pub(in crate::host) async fn send_on(
        &self,
        connection: &mut Connection,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        match self.local() {
            Some(local) => local.send_on(connection, request, deadline).await,
            None => Err(SendError::Unconnected(io::ErrorKind::Unsupported.into())),
        }
    }

    /// Closes every connection, now and in future; the calls on them fail.
    pub(in crate::host) fn close(&self) {
        match self {
            Self::Local(local) => local.close(),
            Self::Remote(remote) => remote.close(),
        }
    }
}
