//! How an instance ended, and waiting for its end.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::sync::Notify;

use super::failed_start::{StartCause, StartError};
use crate::error::Error;
use crate::protocol::PluginId;

/// How long the host waits after a connection broke to learn how the process ended.
pub(super) const EXIT_WAIT: Duration = Duration::from_secs(2);

/// As [`EXIT_WAIT`], for a plugin that is not this host's child. Its end shows at its socket, at
/// once.
pub(super) const FOREIGN_EXIT_WAIT: Duration = Duration::from_millis(100);

/// How an instance ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host) struct Exit {
    /// Exit status or signal, or another reason, for people.
    pub(in crate::host) status: String,
    /// The exit status; `None` if a signal ended the process or the status is unknown.
    pub(in crate::host) code: Option<i32>,
    /// The last lines of standard error.
    pub(in crate::host) stderr: Vec<String>,
}

impl Exit {
    /// An exit of which nothing is known but this reason.
    pub(in crate::host) fn because(status: impl Into<String>) -> Self {
        Self { status: status.into(), code: None, stderr: Vec::new() }
    }

    /// The end of an instance that stopped as it should, without a status that is known. It counts
    /// as a success.
    pub(super) fn orderly(status: impl Into<String>) -> Self {
        Self { code: Some(0), ..Self::because(status) }
    }

    /// The error of a plugin that ended before it was active.
    pub(super) fn into_start_error(self, id: &PluginId, is_sandboxed: bool) -> StartError {
        let advice = if self.code == Some(0) {
            "; a plugin has to stay in the foreground, and to serve until it is stopped"
        } else if is_sandboxed {
            "; it ran in a sandbox: if a file was withheld that it needs, allow it with \
             Sandbox::read, or with Sandbox::interpreter what a script needs"
        } else {
            ""
        };
        StartCause::Ended(self.code).with(Error::Start {
            id: id.clone(),
            reason: format!("it ended during its activation ({}){advice}", self.status),
            stderr: self.stderr,
        })
    }

    /// Whether the instance ended in good order: it was asked to, or was done.
    pub(in crate::host) fn is_orderly(&self) -> bool {
        self.code == Some(0)
    }
}

/// The exit of an instance, once there is one.
#[derive(Default)]
pub(super) struct ExitCell {
    exit: OnceLock<Exit>,
    is_set: Notify,
}

impl ExitCell {
    /// Sets the exit and wakes all tasks that wait for it. Returns false if it was set already.
    pub(super) fn set(&self, exit: Exit) -> bool {
        let is_first = self.exit.set(exit).is_ok();
        if is_first {
            self.is_set.notify_waiters();
        }
        is_first
    }

    /// Whether there is an exit.
    pub(super) fn is_set(&self) -> bool {
        self.exit.get().is_some()
    }

    /// Waits for the exit. Cancel safe.
    pub(super) async fn wait(&self) -> &Exit {
        loop {
            let is_set = self.is_set.notified();
            if let Some(exit) = self.exit.get() {
                return exit;
            }
            is_set.await;
        }
    }
}
