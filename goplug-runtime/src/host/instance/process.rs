//! A plugin's process: started, waited for, ended.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::exit::Exit;
use super::failed_start::{StartCause, StartError};
use super::identity;
use super::preflight::{Preflight, StartFailure};
use crate::error::Error;
use crate::host::disk;
use crate::host::install::{Command, DigestCache, Installation};
use crate::host::output::Output;
use crate::host::policy::Policy;
use crate::limits;
use crate::protocol::wire;
use crate::transport::{Child, FileId, PassedListener, RefusedAccesses, Started, exit_text};

/// How long to wait for the end of a process that was asked to end, and of a process that the system does not
/// let this host kill. A stop may take both times longer than its timeout.
const TERMINATION_TIMEOUT: Duration = Duration::from_millis(500);

/// A running process and its output. Dropping it kills the process.
pub(super) struct Process {
    child: Child,
    output: Output,
    program: Option<FileId>,
    compared: FileId,
}

impl Process {
    /// Starts a plugin's program on a listener that is already bound.
    pub(super) async fn start(
        installation: &Installation,
        command: Command,
        listener: &PassedListener,
        policy: &Policy,
        digests: &DigestCache,
        refused: &Arc<RefusedAccesses>,
    ) -> Result<Self, StartError> {
        let id = installation.id();
        let unstarted = |reason| Error::Start { id: id.clone(), reason, stderr: Vec::new() };
        let failed = |failure: StartFailure| match failure {
            StartFailure::Rejected(reason) => installation.rejected(reason).into(),
            StartFailure::Digest(reason) => StartCause::Digest.with(installation.rejected(reason)),
            StartFailure::Failed(reason) => unstarted(reason).into(),
            StartFailure::Short(reason) => StartCause::Shortage.with(unstarted(reason)),
        };
        let preflight = Preflight {
            environment: environment(installation, &command, listener.path(), policy),
            command,
            listener: listener.handle().map_err(|error| failed(error.into()))?,
            limits: policy.resources.limits(),
            sandbox: policy.sandbox.clone(),
            refused: Arc::clone(refused),
            cgroup: policy.cgroup.as_ref().map(|cgroup| cgroup.limits.clone()),
            parent_death_signal: policy.death_signal(),
            trusted: installation.trusted,
            digests: digests.clone(),
        };
        let Started { child, identity, compared, stdout, stderr } =
            preflight.start().await.map_err(failed)?;
        Ok(Self { child, output: Output::read(id, stdout, stderr), program: identity, compared })
    }

    /// The process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The identity of the files that the process runs; `None` if it is not known, and then it is not
    /// watched for a newer version.
    pub(super) fn program(&self) -> Option<&FileId> {
        self.program.as_ref()
    }

    /// Checks that the files that were compared with their digests are the ones that the process has
    /// read: none of them was written or exchanged between the comparison and now. Once the process has
    /// answered, it has read its script.
    ///
    /// # Errors
    /// Which file was, for people.
    pub(super) async fn check_compared(&self) -> Result<(), String> {
        if self.compared.is_empty() {
            return Ok(());
        }
        let compared = self.compared.clone();
        let look = disk::run_within(limits::FOLDER_TIMEOUT, move || {
            compared.first_changed().map(Path::to_owned)
        });
        match look.await {
            Ok(None) => Ok(()),
            Ok(Some(path)) => Err(format!(
                "{} was written or replaced while the plugin started, so it is not known whether that \
                 is what runs; start it again",
                path.display()
            )),
            Err(error) => Err(format!("its files could not be compared again: {error}")),
        }
    }

    /// Waits for the end of the process. Cancel safe.
    pub(super) async fn wait(&mut self) -> Exit {
        let (status, code) = match self.child.wait().await {
            Ok(status) => (self.with_memory(exit_text(status)), status.code()),
            Err(error) => (format!("its exit status is unknown: {error}"), None),
        };
        Exit { status, code, stderr: self.output.tail().await }
    }

    /// Adds to a status that the process had more memory than its control group may have.
    fn with_memory(&self, status: String) -> String {
        match self.child.exceeded_memory() {
            Some(limit) => {
                format!(
                    "{status}; its control group may use {limit} bytes of memory, and used more"
                )
            }
            None => status,
        }
    }

    /// Kills the process and its whole group. [`Process::wait`] then returns soon, unless the system does
    /// not let the process end.
    ///
    /// # Errors
    /// The system's error: the process runs as another user now, for example.
    pub(super) fn kill(&self) -> io::Result<()> {
        self.child.kill()
    }

    /// Ends the process: waits for its end until the timeout, then asks it to end, then kills the whole
    /// group. Other processes of the group are killed as well when the process ends.
    ///
    /// # Errors
    /// The process, if it has not ended: it cannot be killed, or not within [`limits::KILL_TIMEOUT`].
    pub(super) async fn stop(mut self, timeout: Duration) -> Result<Exit, Unended> {
        if let Ok(exit) = tokio::time::timeout(timeout, self.wait()).await {
            return Ok(exit);
        }
        // If it cannot be asked, it is killed.
        drop(self.child.terminate());
        if let Ok(exit) = tokio::time::timeout(TERMINATION_TIMEOUT, self.wait()).await {
            return Ok(exit);
        }
        let killed = self.kill();
        let limit = if killed.is_ok() { limits::KILL_TIMEOUT } else { TERMINATION_TIMEOUT };
        match tokio::time::timeout(limit, self.wait()).await {
            Ok(exit) => Ok(exit),
            Err(_) => Err(Unended { process: self, refused: killed.err() }),
        }
    }
}

/// A process that was to end, and has not ended.
pub(super) struct Unended {
    pub(super) process: Process,
    /// Why it could not be killed, if so.
    pub(super) refused: Option<io::Error>,
}

/// The environment of the process: the policy's, and the variables of the protocol.
fn environment(
    installation: &Installation,
    command: &Command,
    socket: &Path,
    policy: &Policy,
) -> Vec<(OsString, OsString)> {
    let id = installation.id();
    let mut environment = policy.environment.clone();
    // A host that is a plugin itself may pass its environment on.
    environment.remove(OsStr::new(wire::ENV_EMBEDDED));
    environment.extend(command.environment.iter().cloned());
    environment.extend(policy.log_level.clone().map(|level| (wire::ENV_LOG.into(), level)));
    environment.extend([
        (wire::ENV_PROTOCOL.into(), wire::PROTOCOL.to_string().into()),
        (wire::ENV_NAME.into(), id.name().into()),
        (wire::ENV_NAMESPACE.into(), id.namespace().into()),
        (wire::ENV_SOCK.into(), socket.into()),
        (wire::ENV_NESTING.into(), (identity::nesting() + 1).to_string().into()),
    ]);
    environment.into_iter().collect()
}
