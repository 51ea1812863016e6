//! A plugin's process: started, watched, and in the end stopped by force.

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use super::digest::KnownDigest;
use super::installed::{Command, Installed};
use super::output::Output;
use super::policy::Policy;
use super::preparation::{Halt, Preparation};
use super::service::Ending;
use crate::error::{Error, Result};
use crate::protocol::wire;
use crate::transport::{Child, FileId, PassedListener, Signal, Started};

/// How long a process may take to die of SIGTERM before it gets SIGKILL, and how long
/// the kernel may take over that. Both together are what a stop takes beyond its grace.
const FORCE: Duration = Duration::from_millis(500);

/// A running process and its output. Dropping it kills the process.
pub(super) struct Process {
    child: Child,
    output: Output,
    version: Option<FileId>,
}

impl Process {
    /// Starts a plugin's program on a listener that is already bound.
    pub(super) async fn start(
        installed: &Installed,
        command: Command,
        listener: &PassedListener,
        policy: &Policy,
        known: &KnownDigest,
    ) -> Result<Self> {
        let id = installed.id();
        let failed = |halt: Halt| match halt {
            Halt::Rejected(reason) => installed.rejected(reason),
            Halt::Failed(reason) => Error::Start { id: id.clone(), reason, stderr: Vec::new() },
        };
        let preparation = Preparation {
            environment: environment(installed, &command, listener.path(), policy),
            command,
            listener: listener
                .as_fd()
                .try_clone_to_owned()
                .map_err(|error| failed(error.into()))?,
            limits: policy.resources.limits(),
            sandbox: policy.sandbox.clone(),
            trusted: installed.trusted,
            known: known.clone(),
        };
        let Started { child, program, stdout, stderr } =
            preparation.start().await.map_err(failed)?;
        // One that cannot be told from another is not watched.
        let version = FileId::of(&program).ok();
        Ok(Self { child, output: Output::follow(id, stdout, stderr), version })
    }

    /// The process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The program that it runs.
    pub(super) fn version(&self) -> Option<&FileId> {
        self.version.as_ref()
    }

    /// Waits for the end of the process, however it comes. Cancel safe.
    pub(super) async fn ended(&mut self) -> Ending {
        let (status, code) = match self.child.wait().await {
            Ok(status) => (status.to_string(), status.code()),
            Err(error) => (format!("its exit status is unknown: {error}"), None),
        };
        Ending { status, code, stderr: self.output.tail().await }
    }

    /// Sends SIGKILL to the process and its whole group. [`Process::ended`] follows.
    pub(super) fn kill(&self) {
        // One that cannot be signalled has ended.
        drop(self.child.kill_group());
    }

    /// Ends the process: waits for it within what is left of the grace period, then
    /// SIGTERM, then SIGKILL to its whole group. What is left of the group dies with the process.
    pub(super) async fn stop(mut self, grace: Duration) -> Ending {
        if let Ok(ending) = tokio::time::timeout(grace, self.ended()).await {
            return ending;
        }
        // A signal that cannot be sent is followed by a stronger one.
        drop(self.child.signal(Signal::TERM));
        if let Ok(ending) = tokio::time::timeout(FORCE, self.ended()).await {
            return ending;
        }
        self.kill();
        match tokio::time::timeout(FORCE, self.ended()).await {
            Ok(ending) => ending,
            Err(_) => Ending::because("it does not die"),
        }
    }
}

fn environment(
    installed: &Installed,
    command: &Command,
    socket: &Path,
    policy: &Policy,
) -> Vec<(OsString, OsString)> {
    let id = installed.id();
    let mut environment = policy.environment.clone();
    environment.extend(command.environment.iter().cloned());
    environment.extend([
        (wire::ENV_PROTOCOL.into(), wire::PROTOCOL.to_string().into()),
        (wire::ENV_NAME.into(), id.name().into()),
        (wire::ENV_NAMESPACE.into(), id.namespace().into()),
        (wire::ENV_SOCK.into(), socket.into()),
    ]);
    environment.into_iter().collect()
}
