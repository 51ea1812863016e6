//! A plugin that another process has started: how this host is attached to it.
//!
//! The host activates the plugin on a connection that it then keeps open. While that connection is
//! open, the plugin knows that the host is there. When it closes, the plugin has ended, or another
//! process has taken its place, or it has only closed an idle connection; the host tells them
//! apart by connecting again.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::activate::{ActivationError, Via, activate};
use super::exit::Exit;
use super::failed_start::{StartCause, StartError};
use super::shared::Instance;
use crate::host::connection::{Admission, Connection, Endpoint};
use crate::host::disk;
use crate::host::install::Installation;
use crate::host::policy::Policy;
use crate::http1::Request;
use crate::limits;
use crate::protocol::{Descriptor, Dialect, wire};
use crate::transport::{STAYS_BEHIND, is_shortage};

/// The pause between two connections.
const RECONNECT_DELAY: Duration = Duration::from_millis(100);

/// How many activations in a row may break off before the plugin counts as ended. They also have to
/// take as long as a start may: connections to a plugin that lives may be cut several times in a row.
const MAX_BROKEN_ACTIVATIONS: usize = 3;

/// How this host is attached to a plugin that another process has started.
pub(super) struct Attachment {
    installation: Arc<Installation>,
    policy: Policy,
    /// The token of this host.
    host: String,
    /// Closes when the plugin ends; `None` while it is being opened again.
    connection: Option<Connection>,
    /// The process that listens; `None` if the system does not say.
    process: Option<i32>,
    is_replaced: bool,
}

/// What the plugin has answered to an activation.
type Activated = (Dialect, Descriptor);

/// What a host that was cut off finds in the plugin's place.
enum Found {
    Same(Box<Connection>),
    AnotherProcess,
    Ended(Exit),
    /// The plugin is too busy to take a connection, or this host is too short of something to make
    /// one: nothing is known of the plugin.
    Unknown,
    /// The connection broke, or was not answered.
    Nothing,
}

impl Attachment {
    /// Activates the plugin at this endpoint until the deadline, and stays attached to it.
    ///
    /// # Errors
    /// [`Error::Rejected`](crate::error::Error::Rejected) if nobody listens,
    /// [`Error::Start`](crate::error::Error::Start) if the activation fails.
    pub(super) async fn new(
        installation: Arc<Installation>,
        policy: &Policy,
        endpoint: &Endpoint,
        host: &str,
        deadline: Instant,
    ) -> Result<(Self, Activated), StartError> {
        let connection = endpoint.connect().await;
        let connection = connection
            .map_err(|error| StartCause::of(&error).with(installation.unreachable(&error)))?;
        let mut attachment = Self {
            process: connection.listening_process(),
            installation,
            policy: policy.clone(),
            host: host.into(),
            connection: None,
            is_replaced: false,
        };
        let activated = attachment.activate(endpoint, connection, deadline).await;
        let id = attachment.installation.id();
        let (connection, activated) = activated.map_err(|error| error.into_error(id, None))?;
        attachment.connection = Some(connection);
        Ok((attachment, activated))
    }

    /// Whether the plugin serves in this process.
    pub(super) fn is_own(&self) -> bool {
        let own = i32::try_from(std::process::id());
        self.process.is_some_and(|process| own == Ok(process))
    }

    /// Whether the plugin has ended because another process has taken its place.
    pub(super) fn is_replaced(&self) -> bool {
        self.is_replaced
    }

    /// Waits until the plugin has ended, or another process has taken its place. Cancel safe.
    pub(super) async fn wait(&mut self, instance: &Instance) -> Exit {
        let (mut broken, mut closed_at) = (0, Instant::now());
        loop {
            if let Some(connection) = &mut self.connection {
                connection.closed().await;
                self.connection = None;
                (broken, closed_at) = (0, Instant::now());
            }
            match self.look(instance).await {
                Found::Same(connection) => self.connection = Some(*connection),
                Found::AnotherProcess => {
                    self.is_replaced = true;
                    return Exit::because("another process has taken its place");
                }
                Found::Ended(exit) => return exit,
                Found::Unknown => {}
                Found::Nothing => {
                    broken += 1;
                    let took_long = closed_at.elapsed() >= self.policy.start_timeout;
                    if broken >= MAX_BROKEN_ACTIVATIONS && took_long {
                        return Exit::because("it answers no activation any more");
                    }
                }
            }
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }

    /// Connects again after the connection has closed.
    async fn look(&self, instance: &Instance) -> Found {
        let endpoint = instance.endpoint();
        let connection = match endpoint.connect().await {
            Ok(connection) => connection,
            Err(error) if error.kind() == ErrorKind::TimedOut || is_shortage(&error) => {
                return Found::Unknown;
            }
            Err(error) if error.kind() == ErrorKind::NotFound && self.has_cleaned_up().await => {
                return Found::Ended(Exit::orderly("its socket is gone: it has stopped"));
            }
            Err(error) => return Found::Ended(Exit::because(format!("connection lost: {error}"))),
        };
        if connection.listening_process() != self.process {
            return Found::AnotherProcess;
        }
        if instance.dialect() == Dialect::GoPlug1 {
            // There an activation may do its work twice.
            return Found::Same(Box::new(connection));
        }
        // The process that listens need not be the one that serves: an init system may have passed
        // its socket on to a new one. And without a connection, this host may have counted as gone.
        let deadline = Instant::now() + self.policy.start_timeout;
        match self.activate(endpoint, connection, deadline).await {
            Ok((connection, (dialect, descriptor))) => {
                if dialect == instance.dialect() && descriptor == **instance.descriptor() {
                    Found::Same(Box::new(connection))
                } else {
                    Found::AnotherProcess
                }
            }
            Err(ActivationError::Broken(_) | ActivationError::TimedOut(_)) => Found::Nothing,
            Err(ActivationError::Refused(reason)) => Found::Ended(Exit::because(reason)),
        }
    }

    /// Whether a plugin whose socket is gone has removed what it leaves behind when it crashes: its socket, or
    /// its file where no socket stays.
    async fn has_cleaned_up(&self) -> bool {
        if STAYS_BEHIND {
            return true;
        }
        let file = self.installation.path().to_owned();
        let looked = disk::run_within(limits::FOLDER_TIMEOUT, move || file.try_exists());
        matches!(looked.await, Ok(Ok(false)))
    }

    /// Activates the plugin, and returns a connection that stays open.
    async fn activate(
        &self,
        endpoint: &Endpoint,
        mut connection: Connection,
        deadline: Instant,
    ) -> Result<(Connection, Activated), ActivationError> {
        let via = Via::Attached { connection: &mut connection, host: &self.host };
        let activated = activate(&self.installation, &self.policy, endpoint, via, deadline).await?;
        if !connection.stays_open() {
            connection = endpoint.connect().await.map_err(ActivationError::Broken)?;
        }
        Ok((connection, activated))
    }

    /// Tells the plugin that this host listens to none of its callbacks any more.
    pub(super) async fn unregister(&self, endpoint: &Endpoint, deadline: Instant) {
        let request = Request {
            content_type: Some(wire::JSON),
            headers: &[wire::GOPLUG_2, (wire::HEADER_HOST, &self.host)],
            ..Request::new(wire::REGISTER_CALLBACK, b"[]")
        };
        // If it does not hear this, it forgets the host after a while.
        drop(endpoint.send(&request, deadline, Admission::Control, || false).await);
    }
}
