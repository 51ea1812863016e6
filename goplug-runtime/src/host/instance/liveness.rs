//! How it is known that an instance lives.

use std::io::ErrorKind;
use std::time::Duration;

use super::exit::Exit;
use super::process::Process;
use crate::host::connection::{Connection, Endpoint};
use crate::transport::PassedListener;

/// How long the watch over a plugin that is not our child pauses between two connections.
const RECONNECT: Duration = Duration::from_millis(100);

/// How it is known that a plugin lives.
pub(super) enum Liveness {
    /// It is our child, on a listener of ours.
    Child { process: Process, listener: PassedListener },
    /// Somebody else started it: a connection that nobody uses stays open.
    Foreign { watch: Option<Connection> },
}

impl Liveness {
    /// Ends a child's process by force; nothing can be done about another's.
    pub(super) fn kill(&self) {
        if let Self::Child { process, .. } = self {
            process.kill();
        }
    }

    /// Waits until the plugin is gone. Cancel safe.
    pub(super) async fn wait(&mut self, endpoint: &Endpoint) -> Exit {
        match self {
            Self::Child { process, .. } => process.wait().await,
            Self::Foreign { watch } => {
                loop {
                    if let Some(connection) = watch {
                        connection.closed().await;
                        *watch = None;
                    }
                    // A server may close a connection that is idle, or be too busy to
                    // take one: the next attempt tells.
                    match endpoint.connect().await {
                        Ok(connection) => *watch = Some(connection),
                        Err(error) if error.kind() == ErrorKind::TimedOut => {}
                        Err(error) => {
                            return Exit::because(format!("connection lost: {error}"));
                        }
                    }
                    tokio::time::sleep(RECONNECT).await;
                }
            }
        }
    }
}
