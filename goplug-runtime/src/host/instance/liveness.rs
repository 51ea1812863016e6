//! How the host learns that an instance has ended.

use std::io::ErrorKind;
use std::time::Duration;

use super::exit::Exit;
use super::process::Process;
use crate::host::connection::{Connection, Endpoint};
use crate::transport::PassedListener;

/// The pause between two connections to a plugin that is not this host's child.
const RECONNECT_DELAY: Duration = Duration::from_millis(100);

/// How the host learns that an instance has ended.
pub(super) enum Liveness {
    /// The instance is this host's child, and listens on a socket of the host.
    Child { process: Process, listener: PassedListener },
    /// Another process started the plugin. A connection without requests is kept open, and closes
    /// when the plugin ends.
    Foreign { watch: Option<Connection> },
}

impl Liveness {
    /// Kills a child process. Has no effect on a plugin that another process started.
    pub(super) fn kill(&self) {
        if let Self::Child { process, .. } = self {
            process.kill();
        }
    }

    /// Waits until the instance has ended. Cancel safe.
    pub(super) async fn wait(&mut self, endpoint: &Endpoint) -> Exit {
        match self {
            Self::Child { process, .. } => process.wait().await,
            Self::Foreign { watch } => {
                loop {
                    if let Some(connection) = watch {
                        connection.closed().await;
                        *watch = None;
                    }
                    // The plugin may only have closed an idle connection, or be too busy to take
                    // a new connection in time. Any other error means that it has ended.
                    match endpoint.connect().await {
                        Ok(connection) => *watch = Some(connection),
                        Err(error) if error.kind() == ErrorKind::TimedOut => {}
                        Err(error) => {
                            return Exit::because(format!("connection lost: {error}"));
                        }
                    }
                    tokio::time::sleep(RECONNECT_DELAY).await;
                }
            }
        }
    }
}
