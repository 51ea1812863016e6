//! Where a plugin serves the network: a bound address, and who may call.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};

use super::activity::Activity;
use super::connection;
use super::instance::{Instance, Signature};
use super::options::RemoteOptions;
use super::security::Security;
use super::service::Service;
use crate::error::{Error, Result};
use crate::plugin::request_handler::RequestHandler;
use crate::plugin::select::select;
use crate::plugin::server::{Accept, Accepting, Connections, accept_all};

/// A bound address.
pub(in crate::plugin) struct RemoteListener {
    listener: TcpListener,
    address: SocketAddr,
    security: Arc<Security>,
    signature: Arc<Signature>,
    is_secure: bool,
}

impl RemoteListener {
    /// Binds the address, and reads the files.
    ///
    /// # Errors
    /// [`Error::Configuration`] if a file cannot be used, or if something is missing that this address needs;
    /// [`Error::Io`] if it cannot be bound.
    pub(in crate::plugin) async fn bind(options: RemoteOptions) -> Result<Self> {
        let listening = |error| Error::io(format!("listening on {}", options.address), error);
        let listener = TcpListener::bind(&options.address).await.map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        options.check(address)?;
        let is_secure = options.files.tls.is_some();
        let instance = options.instance.unwrap_or_else(Instance::random);
        let signature = Signature::new(&instance, options.sets_cookie, is_secure);
        let security = Security::read(options.files).map_err(Error::Configuration)?;
        let (security, signature) = (Arc::new(security), Arc::new(signature));
        Ok(Self { listener, address, security, signature, is_secure })
    }

    /// The URL of the bound address.
    pub(in crate::plugin) fn url(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }
}

impl Accept for RemoteListener {
    fn accept<'a>(
        &'a mut self,
        handler: &'a Arc<RequestHandler>,
        connections: &'a mut Connections,
    ) -> Accepting<'a> {
        let Self { listener, security, signature, .. } = self;
        let service = Arc::new(Service {
            handler: Arc::clone(handler),
            security: Arc::clone(security),
            signature: Arc::clone(signature),
        });
        let accepting = accept_all(
            connections,
            || listener.accept(),
            move |connections, accepted| {
                let (stream, _): (TcpStream, SocketAddr) = accepted;
                connections.add(|number, state| {
                    let activity = Arc::new(Activity::new(state));
                    Box::pin(connection::serve(stream, Arc::clone(&service), activity, number))
                });
            },
        );
        Box::pin(async move {
            select(accepting, security.watch()).await;
        })
    }
}
