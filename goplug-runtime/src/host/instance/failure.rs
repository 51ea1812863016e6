//! Why a request failed: what the host finds out about the process when a request got no response.
//!
//! All of this happens after the failure. A call that is answered pays nothing for it.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::exit::Exit;
use super::outcome::Failure;
use super::shared::Instance;
use crate::error::Error;
use crate::host::connection::{Budget, Stage};
use crate::protocol::Dialect;
use crate::transport::{ProcessState, has_listener, shortage_advice};

impl Instance {
    /// Whether the instance ends, or has ended, as far as the system knows at this moment.
    pub(super) fn is_ending(&self) -> bool {
        let is_gone = |process| ProcessState::of(process) == ProcessState::Exiting;
        self.has_exit() || self.pid().is_some_and(is_gone)
    }

    /// Whether a failure means that the instance has ended or is about to, and not that something is
    /// wrong with this host or that the time is spent.
    pub(super) fn is_lost_with(&self, failure: &Failure) -> bool {
        // One connection of a network says nothing of a plugin at its other end.
        if self.endpoint().remote().is_some() {
            return self.has_exit();
        }
        match failure {
            Failure::ConnectionLost { .. } => true,
            Failure::Unconnected(error) => {
                error.kind() == ErrorKind::ConnectionRefused || self.is_ending()
            }
            Failure::TimedOut(_) => false,
        }
    }

    /// The error of a request that failed; `exit` is the exit of the process if it came in time.
    pub(super) fn failure_error(
        &self,
        method: &str,
        failure: Failure,
        exit: Option<&Exit>,
        budget: Budget,
    ) -> Error {
        let is_lost = self.is_lost_with(&failure);
        match failure {
            Failure::TimedOut(stage) => self.deadline_error(method, budget, stage),
            Failure::Unconnected(error) if !is_lost => self.connect_error(error),
            Failure::Unconnected(error) => self.lost_error(method, error, false, exit),
            Failure::ConnectionLost { error, may_have_begun } => {
                self.lost_error(method, error, may_have_begun, exit)
            }
        }
    }

    /// The error of a request whose connection broke or was refused.
    fn lost_error(
        &self,
        method: &str,
        error: io::Error,
        may_have_executed: bool,
        exit: Option<&Exit>,
    ) -> Error {
        let id = self.id().clone();
        if self.is_being_ended() {
            return self.ended_error(may_have_executed, exit);
        }
        if let Some(exit) = exit {
            if exit.is_orderly() && !may_have_executed {
                return Error::Unavailable {
                    id,
                    reason: format!("it has ended ({})", exit.status),
                };
            }
            let Exit { status, stderr, .. } = exit.clone();
            return Error::Crashed { id, status, stderr, may_have_executed };
        }
        if let Some(url) = self.endpoint().url() {
            let what = format!("{method} of {id} at {url}");
            return match may_have_executed {
                true => Error::io(what, error),
                false => Error::Connect { id, reason: url, source: error },
            };
        }
        if !self.serves_on() {
            let status = format!("connection lost: {error}");
            return Error::Crashed { id, status, stderr: Vec::new(), may_have_executed };
        }
        if may_have_executed {
            let what = match self.dialect() {
                Dialect::GoPlug2 => "it runs on, but ended the connection without a whole answer",
                Dialect::GoPlug1 => {
                    "it runs on, but ended the connection without an answer: the method has \
                     panicked, perhaps"
                }
            };
            return Error::io(format!("{method} of {id}: {what}"), error);
        }
        let reason = "it closed the connection before it had read the request, and runs on".into();
        Error::Connect { id, reason, source: error }
    }

    /// The error of a request to an instance that this host ends.
    fn ended_error(&self, may_have_executed: bool, exit: Option<&Exit>) -> Error {
        let id = self.id().clone();
        let status = match exit {
            Some(exit) if self.is_child() => format!("this host has stopped it: {}", exit.status),
            Some(exit) => exit.status.clone(),
            None => "this host has stopped it".into(),
        };
        if may_have_executed {
            return Error::Unfinished { id, status };
        }
        Error::Unavailable { id, reason: status }
    }

    /// Whether the instance lives although it lost a connection, as far as can be told at once.
    fn serves_on(&self) -> bool {
        match self.pid() {
            Some(_) => !self.is_ending(),
            None if self.has_exit() => false,
            None => self.endpoint().socket().is_none_or(may_have_listener),
        }
    }

    /// The error of a request for which no connection could be made, though the instance lives.
    fn connect_error(&self, source: io::Error) -> Error {
        let Some(socket) = self.endpoint().socket() else {
            let reason = self.endpoint().url().unwrap_or_default();
            return Error::Connect { id: self.id().clone(), reason, source };
        };
        let socket = socket.display();
        let reason = match source.kind() {
            ErrorKind::NotFound if self.is_child() => format!(
                "the file of its socket, {socket}, was removed while it runs: reload the plugin, and \
                 keep cleaners of temporary files away from the folder"
            ),
            ErrorKind::NotFound => format!(
                "its socket, {socket}, is gone: it has stopped, or somebody has removed the file"
            ),
            _ => match shortage_advice(&source) {
                Some(reason) => reason.to_owned(),
                None => format!("connecting to {socket}"),
            },
        };
        Error::Connect { id: self.id().clone(), reason, source }
    }

    /// The error of a call whose time was spent at this stage.
    pub(super) fn deadline_error(&self, method: &str, budget: Budget, stage: Stage) -> Error {
        Error::Deadline {
            what: format!("{method} of {}", self.id()),
            after: budget.total,
            reason: self.pid().and_then(why_silent).or_else(|| self.why_late(stage)),
            may_have_executed: stage == Stage::Sent,
        }
    }

    fn why_late(&self, stage: Stage) -> Option<String> {
        match stage {
            Stage::Queued if self.one_at_a_time.is_some() => {
                Some("it takes one call at a time, and others were before this one".into())
            }
            Stage::Queued => {
                let max = self.endpoint().max_connections();
                Some(format!("the {max} connections to it were in use by other calls"))
            }
            Stage::Connecting => Some("the queue of its socket is full".into()),
            Stage::Sending => Some("it has not read the whole request".into()),
            Stage::Sent => None,
        }
    }
}

/// Whether a process listens there, as far as is known: that this host cannot look, for want of
/// descriptors for example, does not mean that nobody does.
fn may_have_listener(socket: &Path) -> bool {
    has_listener(socket).unwrap_or(true)
}

/// Why this process does not answer, if its state says so: for people, with what helps.
pub(super) fn why_silent(process: u32) -> Option<String> {
    ProcessState::of(process).explain(process)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{RawListener, socket_path};

    #[test]
    fn a_socket_that_cannot_be_looked_at_is_not_taken_for_gone() {
        let folder = tempfile::tempdir().unwrap();
        let socket = socket_path(folder.path(), "s");
        let listener = RawListener::bind(&socket);
        assert!(has_listener(Path::new("no\0name")).is_err());
        assert!(may_have_listener(Path::new("no\0name")));
        assert!(may_have_listener(&socket));
        drop(listener);
        assert!(!may_have_listener(&socket));
        assert!(!may_have_listener(&socket_path(folder.path(), "none")));
    }
}
