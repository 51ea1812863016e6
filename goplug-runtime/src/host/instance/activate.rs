//! Activating a plugin: the response says what the plugin offers, and in which dialect.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

use super::failed_start::{StartCause, StartError};
use super::failure::why_silent;
use super::response::{self, RequestLimits};
use crate::error::Error;
use crate::host::connection::{Admission, Connection, Endpoint, SendError};
use crate::host::install::Installation;
use crate::host::policy::Policy;
use crate::http1::{Request, Response};
use crate::protocol::{Descriptor, Dialect, MethodDescriptor, PluginId, legacy, null, wire};

/// Why an activation failed.
pub(super) enum ActivationError {
    /// No connection could be made, or it broke.
    Broken(io::Error),
    /// The time for it, which was as long as this, is over.
    TimedOut(Duration),
    /// The plugin refused, or its response is not valid. The reason is for people.
    Refused(String),
}

impl From<String> for ActivationError {
    fn from(reason: String) -> Self {
        Self::Refused(reason)
    }
}

impl ActivationError {
    /// The error of the start. A `process` that is this host's child may tell why it is silent.
    pub(super) fn into_error(self, id: &PluginId, process: Option<u32>) -> StartError {
        let cause = match &self {
            Self::Broken(error) => StartCause::of(error),
            Self::TimedOut(_) => StartCause::TimedOut,
            Self::Refused(_) => StartCause::Other,
        };
        let reason = match self {
            Self::TimedOut(after) => {
                let why =
                    process.and_then(why_silent).map_or(String::new(), |why| format!(": {why}"));
                format!("its activation took longer than {after:?}{why}")
            }
            Self::Broken(error) => format!("its activation failed: {error}"),
            Self::Refused(reason) => reason,
        };
        cause.with(Error::Start { id: id.clone(), reason, stderr: Vec::new() })
    }
}

/// How an activation reaches a plugin.
pub(super) enum Via<'a> {
    /// On any connection: the plugin's life does not depend on it.
    Any,
    /// On a connection that is kept open: the host with this token is there as long as that is.
    Attached { connection: &'a mut Connection, host: &'a str },
}

/// Activates a plugin until the deadline, and returns what it offers.
pub(super) async fn activate(
    installation: &Installation,
    policy: &Policy,
    endpoint: &Endpoint,
    via: Via<'_>,
    deadline: Instant,
) -> Result<(Dialect, Descriptor), ActivationError> {
    let body: &[u8] = match &**policy.configuration.json() {
        // The original's hosts send nothing here, and its plugins expect nothing.
        _ if installation.pconf.protocol() == 1 => b"",
        configuration => null::for_empty(configuration),
    };
    let mut headers = [wire::GOPLUG_2; 2];
    let headers = match via {
        Via::Any => &headers[..1],
        Via::Attached { host, .. } => {
            headers[1] = (wire::HEADER_HOST, host);
            &headers[..]
        }
    };
    let request = Request {
        content_type: (installation.pconf.protocol() != 1).then_some(wire::JSON),
        headers,
        ..Request::new(wire::ACTIVATE, body)
    };
    let limits = RequestLimits { body: endpoint.body_limit(), time: policy.start_timeout };
    let sent = match via {
        Via::Any => endpoint.send(&request, deadline, Admission::Control, || false).await,
        Via::Attached { connection, .. } => endpoint.send_on(connection, &request, deadline).await,
    };
    read_answer(installation, wire::ACTIVATE, sent, limits)
}

/// The question for what a plugin offers that is active.
const DESCRIBE: &str = "GET /";

/// Asks a plugin that is active what it offers, until the deadline, which is after this time.
pub(super) async fn describe(
    installation: &Installation,
    endpoint: &Endpoint,
    time: Duration,
    deadline: Instant,
) -> Result<(Dialect, Descriptor), ActivationError> {
    let request = Request::describe();
    let sent = endpoint.send(&request, deadline, Admission::Control, || false).await;
    let limits = RequestLimits { body: endpoint.body_limit(), time };
    let (dialect, descriptor) = read_answer(installation, DESCRIBE, sent, limits)?;
    match dialect {
        Dialect::GoPlug2 => Ok((dialect, descriptor)),
        Dialect::GoPlug1 => Err("it speaks the original GoPlug".to_owned().into()),
    }
}

/// What the answer to this question says.
fn read_answer(
    installation: &Installation,
    question: &'static str,
    sent: Result<Response, SendError>,
    limits: RequestLimits,
) -> Result<(Dialect, Descriptor), ActivationError> {
    match sent {
        Ok(response) => {
            read_descriptor(installation, question, response, limits).map_err(Into::into)
        }
        Err(SendError::TimedOut(_)) => Err(ActivationError::TimedOut(limits.time)),
        Err(SendError::TooLarge) => Err("its descriptor is too large".to_owned().into()),
        Err(SendError::Runtime(missing)) => Err(Error::from(missing).to_string().into()),
        Err(SendError::Items(error)) => Err(error.to_string().into()),
        Err(
            SendError::Unconnected(error)
            | SendError::Unsent(error)
            | SendError::Unread(error)
            | SendError::ClosedIdle(error)
            | SendError::Broken(error),
        ) => Err(ActivationError::Broken(error)),
    }
}

/// Reads the response to an activation. It says which dialect the plugin speaks.
///
/// # Errors
/// Why the response is not valid, for people.
fn read_descriptor(
    installation: &Installation,
    question: &'static str,
    response: Response,
    limits: RequestLimits,
) -> Result<(Dialect, Descriptor), String> {
    let id = installation.id();
    let protocol = response.protocol;
    let body = response::into_result(id, question, response, limits);
    let body = body.map_err(|error| refusal(question, error))?;
    response::check_descriptor_size(&body)
        .map_err(|reason| format!("its answer to {question} {reason}"))?;
    match protocol {
        None => {
            let names = legacy::parse_method_list(&body)
                .map_err(|error| without_protocol(question, &body, &error.to_string()))?;
            return Ok((Dialect::GoPlug1, descriptor_of_names(id, names)));
        }
        Some(protocol) => match protocol.number() {
            Some(number) if u32::from(number) == wire::PROTOCOL => {}
            Some(number) => return Err(other_protocol(&number.to_string())),
            None => return Err(other_protocol("that is none (the header has another value)")),
        },
    }
    let descriptor: Descriptor = serde_json::from_slice(&body).map_err(|error| {
        let text = response::excerpt(&body).unwrap_or_else(|| "nothing".into());
        format!("its answer to {question} is no descriptor ({error}): {text}")
    })?;
    if descriptor.protocol != wire::PROTOCOL {
        return Err(other_protocol(&descriptor.protocol.to_string()));
    }
    let plugin = installation.pconf.plugin();
    let is = |id: &PluginId| descriptor.name == id.name() && descriptor.namespace == id.namespace();
    // A program that takes its name from its environment answers as what the file calls it.
    if !is(plugin) && !is(id) {
        let other = PluginId::read(&descriptor.name, &descriptor.namespace)
            .map_err(|error| format!("it answers under another name: {error}"))?;
        return Err(format!(
            "it answers as {other}, and {} names {plugin}: the name and the namespace of its descriptor \
             have to be Name and NameSpace of that file, or its AliasOf",
            installation.path().display()
        ));
    }
    Ok((Dialect::GoPlug2, descriptor))
}

/// The reason against an answer without the header that tells the dialects apart.
fn without_protocol(question: &str, body: &[u8], error: &str) -> String {
    if serde_json::from_slice::<Descriptor>(body).is_ok() {
        return format!(
            "its answer to {question} is a descriptor, and lacks the header `Goplug-Protocol: 2`: a plugin \
             has to send it with the descriptor"
        );
    }
    let text = response::excerpt(body).unwrap_or_else(|| "nothing".into());
    format!(
        "its answer to {question} is neither a descriptor with the header `Goplug-Protocol: 2` nor the \
         list of methods of a GoPlug 1 plugin ({error}): {text}"
    )
}

/// The reason against a plugin of another version of the protocol.
fn other_protocol(protocol: &str) -> String {
    format!(
        "it speaks protocol {protocol}, and this host speaks {}: build both with versions of goplug \
         that share a protocol",
        wire::PROTOCOL
    )
}

/// The reason of a refusal, in the plugin's own words if it gave a reason.
fn refusal(question: &str, error: Error) -> String {
    match error {
        Error::Remote { detail, .. } | Error::Panicked { detail, .. } => detail,
        Error::UnknownMethod { .. } => format!(
            "it does not know {question}: something else than a plugin of goplug listens there"
        ),
        other => format!("its activation failed: {other}"),
    }
}

fn descriptor_of_names(id: &PluginId, names: Vec<String>) -> Descriptor {
    let methods = names.into_iter().map(|name| MethodDescriptor { name, ..Default::default() });
    Descriptor {
        protocol: 1,
        methods: methods.collect(),
        ..Descriptor::new(id.name(), id.namespace())
    }
}
