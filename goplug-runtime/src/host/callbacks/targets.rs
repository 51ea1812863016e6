//! What fulfils the services that a plugin calls: a value of the host, or another plugin.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use crate::protocol::Problem;
use crate::typed::{Call, MediaType, Provided, Reply};

/// A call of a service on its way to what fulfils it.
#[derive(Debug)]
pub(in crate::host) struct ArrivedCall {
    /// The wire name of the method.
    pub(in crate::host) method: String,
    /// The arguments, as in the body of a call.
    pub(in crate::host) body: Bytes,
    pub(in crate::host) media_type: MediaType,
    /// Whether the reply may consist of parts.
    pub(in crate::host) accepts_parts: bool,
    pub(in crate::host) deadline: Instant,
}

/// The reply of a service.
pub(in crate::host) type ServiceReply =
    Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>>;

/// What fulfils a service for a plugin.
pub(in crate::host) trait ServiceTarget: Send + Sync {
    /// Begins a call.
    ///
    /// # Errors
    /// A problem if there is no such method.
    fn call(&self, call: ArrivedCall) -> Result<ServiceReply, Problem>;
}

impl ServiceTarget for Provided {
    fn call(&self, call: ArrivedCall) -> Result<ServiceReply, Problem> {
        Provided::call(self, &call.method, Call::new(call.body))
    }
}

/// The services of one plugin, by their names.
pub(in crate::host) type Services = BTreeMap<String, Arc<dyn ServiceTarget>>;
