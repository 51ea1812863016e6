//! From an installed plugin to one that serves: bind, spawn, activate, check.

use std::io::{self, ErrorKind};
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::connection::{Connection, open_stream};
use super::digest::KnownDigest;
use super::endpoint::{Endpoint, RequestError};
use super::installed::Installed;
use super::policy::Policy;
use super::process::Process;
use super::response::{self, Terms};
use super::service::{Dialect, EXIT_PATIENCE, Ending, OwnProcess, Service};
use super::sockets::Sockets;
use crate::error::{Error, Result};
use crate::http1::{Request, Response};
use crate::limits;
use crate::protocol::{Descriptor, MethodDescriptor, PluginId, legacy, wire};
use crate::transport::PassedListener;

/// How long the watch over a plugin that is not our child pauses between two connections.
const RECONNECT: Duration = Duration::from_millis(100);

/// A plugin that serves, and what keeps it going.
pub(super) struct Launched {
    pub(super) service: Service,
    pub(super) life: Life,
}

/// How it is known that a plugin lives.
pub(super) enum Life {
    /// It is our child, on a listener of ours.
    Child { process: Process, listener: PassedListener },
    /// Somebody else started it: a connection that nobody uses stays open.
    Foreign { watch: Option<Connection> },
}

/// Starts a plugin, or finds it started, and activates it, all within the registry's
/// start timeout. Gives up with [`Error::Stopped`] when `closing` resolves.
pub(super) async fn launch(
    installed: &Installed,
    policy: &Policy,
    sockets: &Sockets,
    known: &KnownDigest,
    closing: impl Future<Output = ()>,
) -> Result<Launched> {
    let deadline = Instant::now() + policy.start_timeout;
    match installed.command()? {
        Some(command) => {
            let id = installed.id();
            let failed =
                |reason: String| Error::Start { id: id.clone(), reason, stderr: Vec::new() };
            let unbound = |error| failed(format!("no socket could be bound for it: {error}"));
            let listener = PassedListener::bind(&sockets.next().map_err(unbound)?)
                .map_err(|error| unbound(std::io::Error::other(error)))?;
            let starting = Process::start(installed, command, &listener, policy, known);
            let mut closing = pin!(closing);
            let started = tokio::select! {
                started = timeout_at(deadline, starting) => started,
                () = closing.as_mut() => return Err(Error::Stopped),
            };
            let after = policy.start_timeout;
            let process = started
                .map_err(|_| failed(format!("its program did not run within {after:?}")))??;
            launch_child(installed, policy, process, listener, deadline, closing).await
        }
        None => tokio::select! {
            launched = launch_foreign(installed, policy, deadline) => launched,
            () = closing => Err(Error::Stopped),
        },
    }
}

async fn launch_child(
    installed: &Installed,
    policy: &Policy,
    mut process: Process,
    listener: PassedListener,
    deadline: Instant,
    closing: impl Future<Output = ()>,
) -> Result<Launched> {
    let id = installed.id();
    let endpoint = Endpoint::new(listener.path().into(), installed.pconf.url(), policy);
    let activated = tokio::select! {
        biased;
        activated = activate(installed, policy, &endpoint, deadline) => match activated {
            // Most often because it ended: then that is the reason.
            Err(Inactive::Broken(error)) if error.kind() != ErrorKind::InvalidData => {
                match tokio::time::timeout(EXIT_PATIENCE, process.ended()).await {
                    Ok(ending) => Err(start_error(id, ending)),
                    Err(_) => Err(Inactive::Broken(error).into_error(id)),
                }
            }
            activated => activated.map_err(|inactive| inactive.into_error(id)),
        },
        ending = process.ended() => Err(start_error(id, ending)),
        () = closing => Err(Error::Stopped),
    };
    let (dialect, descriptor) = match activated {
        Ok(activated) => activated,
        Err(Error::Start { reason, stderr, .. }) if stderr.is_empty() => {
            let Ending { stderr, .. } = process.stop(Duration::ZERO).await;
            return Err(Error::Start { id: id.clone(), reason, stderr });
        }
        Err(error) => {
            process.stop(Duration::ZERO).await;
            return Err(error);
        }
    };
    let own = OwnProcess {
        id: process.id(),
        // A host's own executable may be replaced by that of another host.
        program: process.version().filter(|_| !installed.is_embedded()).cloned(),
    };
    let service = Service::new(id.clone(), endpoint, dialect, descriptor, Some(own), policy);
    Ok(Launched { service, life: Life::Child { process, listener } })
}

async fn launch_foreign(
    installed: &Installed,
    policy: &Policy,
    deadline: Instant,
) -> Result<Launched> {
    let socket = installed.socket()?;
    let endpoint = Endpoint::new(socket, installed.pconf.url(), policy);
    let watch = endpoint.connect().await.map_err(|error| installed.rejected(error.to_string()))?;
    let (dialect, descriptor) = activate(installed, policy, &endpoint, deadline)
        .await
        .map_err(|inactive| inactive.into_error(installed.id()))?;
    let service = Service::new(installed.id().clone(), endpoint, dialect, descriptor, None, policy);
    Ok(Launched { service, life: Life::Foreign { watch: Some(watch) } })
}

/// Whether a plugin that starts itself listens on its socket.
pub(super) async fn examine(installed: &Installed) -> Result<()> {
    if installed.command()?.is_some() {
        return Ok(());
    }
    let socket = installed.socket()?;
    match open_stream(&socket, limits::CONNECT_TIMEOUT).await {
        Ok(_) => Ok(()),
        Err(error) => Err(installed.rejected(error.to_string())),
    }
}

impl Life {
    /// Ends a child's process by force; nothing can be done about another's.
    pub(super) fn kill(&self) {
        if let Self::Child { process, .. } = self {
            process.kill();
        }
    }

    /// Waits until the plugin is gone. Cancel safe.
    pub(super) async fn ended(&mut self, service: &Service) -> Ending {
        match self {
            Self::Child { process, .. } => process.ended().await,
            Self::Foreign { watch } => {
                loop {
                    if let Some(connection) = watch {
                        connection.closed().await;
                        *watch = None;
                    }
                    // A server may close a connection that is idle, or be too busy to
                    // take one: the next attempt tells.
                    match service.endpoint().connect().await {
                        Ok(connection) => *watch = Some(connection),
                        Err(error) if error.kind() == ErrorKind::TimedOut => {}
                        Err(error) => {
                            return Ending::because(format!("connection lost: {error}"));
                        }
                    }
                    tokio::time::sleep(RECONNECT).await;
                }
            }
        }
    }
}

/// The error of a plugin that ended before it served.
pub(super) fn start_error(id: &PluginId, ending: Ending) -> Error {
    Error::Start {
        id: id.clone(),
        reason: format!("it ended during its activation ({})", ending.status),
        stderr: ending.stderr,
    }
}

/// Why a plugin is not active.
enum Inactive {
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
    fn into_error(self, id: &PluginId) -> Error {
        let reason = match self {
            Self::Broken(error) => format!("its activation failed: {error}"),
            Self::Refused(reason) => reason,
        };
        Error::Start { id: id.clone(), reason, stderr: Vec::new() }
    }
}

async fn activate(
    installed: &Installed,
    policy: &Policy,
    endpoint: &Endpoint,
    deadline: Instant,
) -> Result<(Dialect, Descriptor), Inactive> {
    let body: &[u8] = match &*policy.configuration {
        // The original's hosts send nothing here, and its plugins expect nothing.
        _ if installed.pconf.protocol() == 1 => b"",
        b"" => b"null",
        configuration => configuration,
    };
    let request = Request {
        content_type: (installed.pconf.protocol() != 1).then_some(wire::JSON),
        headers: &[wire::GOPLUG_2],
        ..Request::new(wire::ACTIVATE, body)
    };
    let terms = Terms { limit: endpoint.body_limit(), budget: policy.start_timeout };
    match endpoint.send(&request, deadline, || false).await {
        Ok(answer) => understand(installed, answer, terms).map_err(Inactive::Refused),
        Err(RequestError::Late) => {
            Err(format!("its activation took longer than {:?}", terms.budget).into())
        }
        Err(RequestError::TooLarge) => Err("its descriptor is too large".to_owned().into()),
        Err(RequestError::Broken(error) | RequestError::Unreachable(error)) => {
            Err(Inactive::Broken(error))
        }
    }
}

/// Reads the answer to an activation: it shows which protocol the plugin speaks.
///
/// # Errors
/// Why it is none, for people.
fn understand(
    installed: &Installed,
    answer: Response,
    terms: Terms,
) -> Result<(Dialect, Descriptor), String> {
    let id = installed.id();
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
