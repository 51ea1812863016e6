//! Activating a plugin: its answer shows what it offers, and which protocol it speaks.

use std::io;

use tokio::time::Instant;

use super::response::{self, Terms};
use crate::error::Error;
use crate::host::connection::{Endpoint, SendError};
use crate::host::install::Installation;
use crate::host::policy::Policy;
use crate::http1::{Request, Response};
use crate::protocol::{Descriptor, Dialect, MethodDescriptor, PluginId, legacy, wire};

/// Why a plugin is not active.
pub(super) enum Inactive {
    /// Its connection broke, or there was none.
    Broken(io::Error),
    /// It refused, or said something that is not the protocol.
    Refused(String),
}

impl From<String> for Inactive {
    fn from(reason: String) -> Self {
        Self::Refused(reason)
    }
}

impl Inactive {
    pub(super) fn into_error(self, id: &PluginId) -> Error {
        let reason = match self {
            Self::Broken(error) => format!("its activation failed: {error}"),
            Self::Refused(reason) => reason,
        };
        Error::Start { id: id.clone(), reason, stderr: Vec::new() }
    }
}

pub(super) async fn activate(
    installation: &Installation,
    policy: &Policy,
    endpoint: &Endpoint,
    deadline: Instant,
) -> Result<(Dialect, Descriptor), Inactive> {
    let body: &[u8] = match &*policy.configuration {
        // The original's hosts send nothing here, and its plugins expect nothing.
        _ if installation.pconf.protocol() == 1 => b"",
        b"" => b"null",
        configuration => configuration,
    };
    let request = Request {
        content_type: (installation.pconf.protocol() != 1).then_some(wire::JSON),
        headers: &[wire::GOPLUG_2],
        ..Request::new(wire::ACTIVATE, body)
    };
    let terms = Terms { limit: endpoint.body_limit(), budget: policy.start_timeout };
    match endpoint.send(&request, deadline, || false).await {
        Ok(answer) => understand(installation, answer, terms).map_err(Inactive::Refused),
        Err(SendError::TimedOut) => {
            Err(format!("its activation took longer than {:?}", terms.budget).into())
        }
        Err(SendError::TooLarge) => Err("its descriptor is too large".to_owned().into()),
        Err(SendError::Broken(error) | SendError::Unsent(error)) => Err(Inactive::Broken(error)),
    }
}

/// Reads the answer to an activation: it shows which protocol the plugin speaks.
///
/// # Errors
/// Why it is none, for people.
fn understand(
    installation: &Installation,
    answer: Response,
    terms: Terms,
) -> Result<(Dialect, Descriptor), String> {
    let id = installation.id();
    let speaks_2 = answer.has_protocol;
    let body = response::into_result(id, wire::ACTIVATE, answer, terms).map_err(refusal)?;
    if !speaks_2 {
        let names = legacy::parse_method_list(&body)
            .map_err(|error| format!("its list of methods is not one: {error}"))?;
        return Ok((Dialect::GoPlug1, descriptor_of_names(id, names)));
    }
    let descriptor: Descriptor = serde_json::from_slice(&body)
        .map_err(|error| format!("its descriptor is not one: {error}"))?;
    if descriptor.name != id.name() || descriptor.namespace != id.namespace() {
        let other = PluginId::read(&descriptor.name, &descriptor.namespace)
            .map_err(|error| format!("it answers under another name: {error}"))?;
        return Err(format!("it answers as {other}"));
    }
    Ok((Dialect::GoPlug2, descriptor))
}

/// The plugin's own words, where it found some.
fn refusal(error: Error) -> String {
    match error {
        Error::Remote { detail, .. } | Error::Panicked { detail, .. } => detail,
        other => format!("its activation failed: {other}"),
    }
}

fn descriptor_of_names(id: &PluginId, names: Vec<String>) -> Descriptor {
    let methods = names.into_iter().map(|name| MethodDescriptor { name, ..Default::default() });
    Descriptor {
        name: id.name().into(),
        namespace: id.namespace().into(),
        version: None,
        protocol: 1,
        features: Vec::new(),
        methods: methods.collect(),
        callbacks: Vec::new(),
    }
}
