//! What fulfils the services that a plugin calls: a value of the host, or another plugin.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use crate::protocol::{Problem, Traceparent};
use crate::typed::{Call, CallOrigin, Inherited, MediaType, Provided, Reply, Scope};

/// A call of a service on its way to what fulfils it.
#[derive(Debug)]
pub(in crate::host) struct ArrivedCall {
    /// The wire name of the method.
    pub(in crate::host) method: Arc<str>,
    /// The arguments, as in the body of a call.
    pub(in crate::host) body: Bytes,
    pub(in crate::host) media_type: MediaType,
    /// Whether the reply may consist of parts.
    pub(in crate::host) accepts_parts: bool,
    pub(in crate::host) deadline: Instant,
    /// The call itself, and those that it is within.
    pub(in crate::host) origin: Arc<CallOrigin>,
    pub(in crate::host) traceparent: Option<Traceparent>,
}

impl ArrivedCall {
    /// What the call is run within: its time, its trace and its place in the chain go on with the calls
    /// that are made there.
    pub(super) fn scope(&self) -> Scope {
        let deadline = Some(self.deadline.into_std());
        let inherited = Inherited { deadline, traceparent: self.traceparent };
        Scope::of_call(None, inherited).from(Some(Arc::clone(&self.origin)))
    }
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
