//! How connections come in: the loop is the same, whatever is listened on.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::connections::Connections;
use crate::plugin::connection;
use crate::plugin::request_handler::RequestHandler;
use crate::plugin::select::{Either, select};
use crate::transport::{Listener, SocketFile};

/// How long accepting pauses after an error of the system, which mostly means that there are too
/// many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a server listens on. Dropping it ends that.
pub(in crate::plugin) trait Accept: Send {
    /// Accepts connections, and serves them. Never ready.
    fn accept<'a>(
        &'a mut self,
        handler: &'a Arc<RequestHandler>,
        connections: &'a mut Connections,
    ) -> Accepting<'a>;

    /// The file of the socket, if it has one.
    fn file(&self) -> Option<SocketFile> {
        None
    }
}

/// The future of [`Accept::accept`].
pub(in crate::plugin) type Accepting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl Accept for Listener {
    fn accept<'a>(
        &'a mut self,
        handler: &'a Arc<RequestHandler>,
        connections: &'a mut Connections,
    ) -> Accepting<'a> {
        let listener = &*self;
        let accept = || Listener::accept(listener);
        Box::pin(accept_all(connections, accept, |connections, (stream, peer)| {
            if peer.is_trusted() {
                connections.add(|number, state| {
                    Box::pin(connection::serve(stream, Arc::clone(handler), number, state))
                });
            }
        }))
    }

    fn file(&self) -> Option<SocketFile> {
        Listener::file(self)
    }
}

/// Accepts connections and serves them, for as long as there may be more: else the idlest makes way. Never
/// ready.
pub(in crate::plugin) async fn accept_all<T, A>(
    connections: &mut Connections,
    accept: impl Fn() -> A,
    serve: impl Fn(&mut Connections, T),
) where
    A: Future<Output = io::Result<T>>,
{
    loop {
        connections.make_room().await;
        match select(accept(), reap_one(connections)).await {
            Either::Left(Ok(accepted)) => serve(connections, accepted),
            Either::Right(()) => {}
            Either::Left(Err(_)) => {
                connections.end_idlest();
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Waits until one connection ends. Never ready if there is none.
async fn reap_one(connections: &mut Connections) {
    if !connections.one_ended().await {
        pending::<()>().await;
    }
}
