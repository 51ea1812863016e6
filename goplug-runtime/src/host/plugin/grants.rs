//! A plugin that fulfils a service for another one, since the host lets it.
//!
//! The other plugin never gets its socket: the host passes each call on, as bytes, and its policies,
//! retries and limits count as for a call of its own.

use std::sync::{Arc, Weak};

use serde_json::value::RawValue;
use tokio::time::Instant;

use super::retry;
use super::state::PluginState;
use crate::error::Error;
use crate::host::callbacks::{ArrivedCall, ServiceReply, ServiceTarget};
use crate::protocol::{
    MethodDescriptor, PluginId, Problem, ProblemKind, ServiceDescriptor, spelling,
};
use crate::typed::{CallRequest, MediaType, Reply};

/// A plugin that another plugin may call.
pub(super) struct Granted {
    /// It does not keep the plugin: its registry does.
    plugin: Weak<PluginState>,
    id: PluginId,
    /// The methods as the other plugin means them.
    methods: Vec<MethodDescriptor>,
}

impl Granted {
    pub(super) fn new(plugin: &Arc<PluginState>, need: &ServiceDescriptor) -> Self {
        let (plugin, id) = (Arc::downgrade(plugin), plugin.id().clone());
        Self { plugin, id, methods: need.methods.clone() }
    }
}

impl ServiceTarget for Granted {
    fn call(&self, call: ArrivedCall) -> Result<ServiceReply, Problem> {
        let meant = self.methods.iter().find(|meant| *meant.name == *call.method);
        if meant.is_some_and(|meant| meant.stream) {
            let text = format!(
                "the result of {:?} is a stream, and plugins get no streams of each other",
                call.method
            );
            return Err(Problem::new(ProblemKind::Internal, text));
        }
        let idempotent = meant.is_some_and(|meant| meant.idempotent);
        let is_raw = meant
            .is_some_and(|meant| spelling::is_bytes(spelling::success(&meant.returns.spelling)));
        let (plugin, id) = (Weak::clone(&self.plugin), self.id.clone());
        Ok(Box::pin(async move {
            let Some(plugin) = plugin.upgrade() else {
                return Err(Problem::new(ProblemKind::Stopping, format!("{id} is gone")));
            };
            let ArrivedCall { method, body, media_type, accepts_parts, deadline, .. } = call;
            let timeout = deadline.saturating_duration_since(Instant::now());
            let request = CallRequest {
                accepts_parts,
                timeout: Some(timeout),
                idempotent,
                ..CallRequest::new(&method, body, media_type)
            };
            let body = retry::call(&plugin, &request).await.map_err(|error| problem(&id, error))?;
            let media_type = if is_raw { MediaType::Raw } else { MediaType::Json };
            Ok(Reply { body, media_type, beside: None })
        }))
    }
}

/// The error of a call as the plugin gets it that has made it: what a method has answered with arrives
/// as it is.
fn problem(id: &PluginId, error: Error) -> Problem {
    let text = error.to_string();
    let kind = match error {
        Error::Method(failure) => {
            let value = failure.error.unwrap_or_else(|| RawValue::NULL.to_owned());
            return Problem::method(value, failure.detail);
        }
        Error::Arguments { parameter, expected, detail, .. } => {
            let mut problem = Problem::new(ProblemKind::InvalidArguments, detail);
            (problem.parameter, problem.expected) = (parameter, expected);
            return problem;
        }
        Error::Panicked { detail, .. } => return Problem::panicked(detail),
        Error::UnknownMethod { .. } => ProblemKind::UnknownMethod,
        Error::Deadline { .. } => ProblemKind::DeadlineExceeded,
        Error::TooLarge { .. } => ProblemKind::BodyTooLarge,
        Error::Unavailable { .. } | Error::Stopped => ProblemKind::Stopping,
        _ => ProblemKind::Internal,
    };
    Problem::new(kind, format!("{id}: {text}"))
}
