//! A plugin's process: started, watched, and in the end stopped by force.

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use super::exit::Exit;
use super::output::Output;
use super::preflight::{Halt, Preflight};
use crate::error::{Error, Result};
use crate::host::install::{Command, DigestCache, Installation};
use crate::host::policy::Policy;
use crate::protocol::wire;
use crate::transport::{Child, FileId, PassedListener, Signal, Started};

/// How long a process may take to die of SIGTERM before it gets SIGKILL, and how long
/// the kernel may take over that. Both together are what a stop takes beyond its timeout.
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
        installation: &Installation,
        command: Command,
        listener: &PassedListener,
        policy: &Policy,
        digests: &DigestCache,
    ) -> Result<Self> {
        let id = installation.id();
        let failed = |halt: Halt| match halt {
            Halt::Rejected(reason) => installation.rejected(reason),
            Halt::Failed(reason) => Error::Start { id: id.clone(), reason, stderr: Vec::new() },
        };
        let preflight = Preflight {
            environment: environment(installation, &command, listener.path(), policy),
            command,
            listener: listener
                .as_fd()
                .try_clone_to_owned()
                .map_err(|error| failed(error.into()))?,
            limits: policy.resources.limits(),
            sandbox: policy.sandbox.clone(),
            trusted: installation.trusted,
            digests: digests.clone(),
        };
        let Started { child, program, stdout, stderr } = preflight.start().await.map_err(failed)?;
        // A file that cannot be told from another is not watched.
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
    pub(super) async fn wait(&mut self) -> Exit {
        let (status, code) = match self.child.wait().await {
            Ok(status) => (status.to_string(), status.code()),
            Err(error) => (format!("its exit status is unknown: {error}"), None),
        };
        Exit { status, code, stderr: self.output.tail().await }
    }

    /// Sends SIGKILL to the process and its whole group. [`Process::wait`] follows.
    pub(super) fn kill(&self) {
        // A process that cannot be signalled has ended.
        drop(self.child.kill_group());
    }

    /// Ends the process: waits for it within this time, then
    /// SIGTERM, then SIGKILL to its whole group. What is left of the group dies with the process.
    pub(super) async fn stop(mut self, timeout: Duration) -> Exit {
        if let Ok(exit) = tokio::time::timeout(timeout, self.wait()).await {
            return exit;
        }
        // A signal that cannot be sent is followed by a stronger one.
        drop(self.child.signal(Signal::TERM));
        if let Ok(exit) = tokio::time::timeout(FORCE, self.wait()).await {
            return exit;
        }
        self.kill();
        match tokio::time::timeout(FORCE, self.wait()).await {
            Ok(exit) => exit,
            Err(_) => Exit::because("it does not die"),
        }
    }
}

fn environment(
    installation: &Installation,
    command: &Command,
    socket: &Path,
    policy: &Policy,
) -> Vec<(OsString, OsString)> {
    let id = installation.id();
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
