//! The connections to a remote plugin, between requests and during them.
//!
//! A connection of HTTP/1.1 carries one request at a time, and is idle between them; one of HTTP/2 carries
//! all. The pools of hyper-util do not say whether a request that failed was sent, which decides whether it
//! may be made again. So the connections are kept here, by hyper's own handles.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::access::Access;
use super::dial::{Dialed, Sender, dial};
use super::fault::Fault;
use super::noting::Noted;
use crate::host::connection::error::SendError;
use crate::protocol::RemoteUrl;

/// The connections to a remote plugin.
pub(super) struct Connections {
    url: RemoteUrl,
    access: Arc<Access>,
    /// The runtime of the registry, which has the connections.
    runtime: Handle,
    /// A permit for each call that may be in flight.
    calls: Arc<Semaphore>,
    max_idle: usize,
    /// Held while a connection is opened that others may share.
    opening: tokio::sync::Mutex<()>,
    inner: Mutex<Inner>,
}

struct Inner {
    /// The last has been used last.
    idle: Vec<Connection>,
    shared: Option<Connection>,
    /// Whether a connection is shared, as far as is known.
    is_shared: Option<bool>,
    drivers: JoinSet<()>,
    is_closed: bool,
}

/// A connection that takes requests.
pub(super) struct Connection {
    pub(super) sender: Sender,
    /// What was wrong with it, once it has ended.
    fault: watch::Receiver<Option<Fault>>,
    noted: Noted,
}

/// A connection, for one request and its answer.
pub(super) struct Checkout {
    pub(super) connection: Connection,
    /// Whether it carried another request before.
    pub(super) was_used: bool,
    permit: Option<Permit>,
}

impl Checkout {
    /// Ends the use of the connection, for the same call on another.
    pub(super) fn into_permit(self) -> Option<Permit> {
        self.permit
    }
}

impl Connection {
    /// What TLS has ended the connection for, if it has.
    pub(super) fn noted(&self) -> Option<Fault> {
        self.noted.get().cloned()
    }

    /// What was wrong with the connection, once it has ended. Cancel safe.
    pub(super) async fn fault(&mut self) -> Option<Fault> {
        match self.fault.wait_for(Option::is_some).await {
            Ok(fault) => fault.clone(),
            Err(_) => None,
        }
    }

    fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::Http1(_) => None,
            Sender::Http2(sender) => {
                let (sender, fault) = (Sender::Http2(sender.clone()), self.fault.clone());
                Some(Self { sender, fault, noted: Arc::clone(&self.noted) })
            }
        }
    }
}

/// The right to have a call in flight.
pub(super) struct Permit(
    #[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit,
);

impl Connections {
    /// Connections to this URL, of which calls use at most `max_calls` at a time.
    pub(super) fn new(url: RemoteUrl, access: Access, runtime: Handle, max_calls: usize) -> Self {
        let inner = Inner {
            idle: Vec::new(),
            shared: None,
            is_shared: if access.tls.is_none() { Some(false) } else { None },
            drivers: JoinSet::new(),
            is_closed: false,
        };
        Self {
            url,
            access: Arc::new(access),
            runtime,
            calls: Arc::new(Semaphore::new(max_calls.clamp(1, Semaphore::MAX_PERMITS))),
            max_idle: max_calls,
            opening: tokio::sync::Mutex::default(),
            inner: Mutex::new(inner),
        }
    }

    pub(super) fn url(&self) -> &RemoteUrl {
        &self.url
    }

    pub(super) fn access(&self) -> &Access {
        &self.access
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a further call may be in flight; `None` if the connections are closed. Cancel safe.
    pub(super) async fn permit(&self) -> Option<Permit> {
        Arc::clone(&self.calls).acquire_owned().await.ok().map(Permit)
    }

    /// A connection for a request: an open one, unless `is_new` asks for another, or a new one. Cancel
    /// safe.
    ///
    /// # Errors
    /// [`SendError::Unconnected`], [`SendError::Unsent`] if the connections are closed.
    pub(super) async fn check_out(
        &self,
        permit: Option<Permit>,
        is_new: bool,
    ) -> Result<Checkout, SendError> {
        if !is_new {
            while let Some(mut connection) = self.take() {
                if connection.sender.is_ready().await {
                    return Ok(Checkout { connection, was_used: true, permit });
                }
            }
        }
        let may_share = self.lock().is_shared != Some(false);
        let turn = if may_share { Some(self.opening.lock().await) } else { None };
        // Another request may have opened it meanwhile.
        if may_share && let Some(connection) = self.shared() {
            return Ok(Checkout { connection, was_used: true, permit });
        }
        let connection = self.open().await?;
        drop(turn);
        Ok(Checkout { connection, was_used: false, permit })
    }

    /// Takes back a connection after an answer that was read to its end.
    pub(super) fn put(&self, checkout: Checkout) {
        let Checkout { connection, .. } = checkout;
        if connection.sender.is_closed() || matches!(connection.sender, Sender::Http2(_)) {
            return;
        }
        let mut inner = self.lock();
        inner.idle.retain(|idle| !idle.sender.is_closed());
        if !inner.is_closed && inner.idle.len() < self.max_idle {
            inner.idle.push(connection);
        }
    }

    /// Closes all connections, now and in future. What is in flight fails.
    pub(super) fn close(&self) {
        self.calls.close();
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.idle.clear();
        inner.shared = None;
        inner.drivers.abort_all();
    }

    fn take(&self) -> Option<Connection> {
        let idle = self.lock().idle.pop();
        idle.or_else(|| self.shared())
    }

    fn shared(&self) -> Option<Connection> {
        let mut inner = self.lock();
        if inner.shared.as_ref().is_some_and(|shared| shared.sender.is_closed()) {
            inner.shared = None;
        }
        inner.shared.as_ref()?.share()
    }

    async fn open(&self) -> Result<Connection, SendError> {
        let (url, access) = (self.url.clone(), Arc::clone(&self.access));
        let dialing = self.runtime.spawn(async move { dial(&url, &access).await });
        let dialed = OwnedJoin(dialing).await.unwrap_or_else(|_| Err(runtime_gone()));
        let Dialed { sender, driver, noted } =
            dialed.map_err(|fault| SendError::Unconnected(fault.into()))?;
        let (note, fault) = watch::channel(None);
        let connection = Connection { sender, fault, noted };
        let mut inner = self.lock();
        if inner.is_closed {
            return Err(closed());
        }
        while inner.drivers.try_join_next().is_some() {}
        inner.drivers.spawn_on(
            async move {
                let fault = driver.await;
                // A request that fails may ask.
                let _ = note.send(fault);
            },
            &self.runtime,
        );
        inner.is_shared = Some(connection.sender.version() == hyper::Version::HTTP_2);
        if let Some(shared) = connection.share() {
            inner.shared = Some(shared);
        }
        Ok(connection)
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.close();
    }
}

/// The error of a request to a plugin that this host has left.
pub(super) fn closed() -> SendError {
    let text = "this host has left the plugin";
    SendError::Unsent(std::io::Error::new(std::io::ErrorKind::NotConnected, text))
}

fn runtime_gone() -> Fault {
    Fault::new(std::io::ErrorKind::NotConnected, crate::host::runtime::GONE)
}

/// A task that ends when nobody waits for it any more.
struct OwnedJoin<T>(JoinHandle<T>);

impl<T> Future for OwnedJoin<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for OwnedJoin<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
