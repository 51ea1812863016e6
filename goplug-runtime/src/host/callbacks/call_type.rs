//! What the type of an event says that calls a service.
//!
//! Calls that come one upon the other mostly have events of one type, which then is read once.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use tokio::time::Instant;

use super::targets::{ArrivedCall, ServiceTarget};
use crate::limits;
use crate::protocol::chain::Chain;
use crate::protocol::service::ServiceCall;
use crate::protocol::{Problem, ProblemKind, Traceparent};
use crate::typed::{CallOrigin, MediaType};

/// What is common to all calls whose events have one type.
pub(super) struct CallType {
    text: String,
    /// What is called, for people.
    pub(super) name: String,
    /// What the calls are passed to, or what they are refused with.
    pub(super) target: Result<Arc<dyn ServiceTarget>, Problem>,
    method: Arc<str>,
    timeout: Duration,
    origin: Arc<CallOrigin>,
    traceparent: Option<Traceparent>,
    pub(super) accepts_parts: bool,
    /// Whether the reply may be an event of a stream of replies.
    pub(super) takes_stream: bool,
    is_base64: bool,
}

impl CallType {
    /// Of the event with this type, and of this host's service, if there is one.
    pub(super) fn new(
        text: &str,
        call: &ServiceCall<'_>,
        service: Option<Arc<dyn ServiceTarget>>,
    ) -> Self {
        let within = Chain::read(call.chain.as_bytes()).unwrap_or_default();
        let chain = within.with(call.service, call.method);
        let target = match service {
            None => {
                let text = format!("this host provides no service {:?}", call.service);
                Err(Problem::new(ProblemKind::UnknownMethod, text))
            }
            Some(_) if within.is_full() => {
                let text = format!("the calls are within each other too deep: {chain}");
                Err(Problem::new(ProblemKind::Internal, text))
            }
            Some(service) => Ok(service),
        };
        Self {
            text: text.to_owned(),
            name: format!("{}/{}", call.service, call.method),
            target,
            method: call.method.into(),
            timeout: call.timeout.unwrap_or(limits::CALL_TIMEOUT).min(limits::MAX_DURATION),
            origin: Arc::new(CallOrigin { host: None, chain }),
            traceparent: call.traceparent,
            accepts_parts: call.accepts_parts,
            takes_stream: call.takes_stream,
            is_base64: call.is_base64,
        }
    }

    /// Whether this is the type.
    #[inline]
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }

    /// The call of an event with this type and these data.
    ///
    /// # Errors
    /// The problem that it is refused with.
    pub(super) fn call(&self, data: &[u8]) -> Result<ArrivedCall, Problem> {
        let (body, media_type) = if self.is_base64 {
            let body = BASE64.decode(data).map_err(|error| {
                let text = format!("the data are not base64: {error}");
                Problem::new(ProblemKind::InvalidArguments, text)
            })?;
            (body.into(), MediaType::Raw)
        } else {
            (Bytes::copy_from_slice(data), MediaType::Json)
        };
        Ok(ArrivedCall {
            method: Arc::clone(&self.method),
            body,
            media_type,
            accepts_parts: self.accepts_parts,
            deadline: Instant::now() + self.timeout,
            origin: Arc::clone(&self.origin),
            traceparent: self.traceparent,
        })
    }
}
