//! A plugin's process: started, watched, and in the end stopped by force.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::digest::{self, KnownDigest};
use super::installed::{Command, Installed};
use super::output::Output;
use super::policy::Policy;
use super::service::Ending;
use super::trust;
use crate::error::{Error, Result};
use crate::protocol::wire;
use crate::transport::{
    Child, FileVersion, OpenProgram, PassedListener, Ruleset, Signal, Spawn, Started,
};

/// How long a process may take to die of SIGTERM before it gets SIGKILL, and how long
/// the kernel may take over that. Both together are what a stop takes beyond its grace.
const FORCE: Duration = Duration::from_millis(500);

/// A running process and its output. Dropping it kills the process.
pub(super) struct Process {
    child: Child,
    output: Output,
    version: Option<FileVersion>,
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
        let failed = |reason: String| Error::Start { id: id.clone(), reason, stderr: Vec::new() };
        let environment = environment(installed, &command, listener.path(), policy);
        let program = open_program(installed, &command, known).await?;
        // One that cannot be told from another is not watched.
        let version = FileVersion::of(&program).ok();
        let (program, ruleset) = confine(program, policy).await.map_err(failed)?;
        let spawn = Spawn {
            program: &program,
            args: &command.arguments,
            env: &environment,
            folder: &command.folder,
            listener,
            limits: &policy.resources.limits(),
            ruleset: ruleset.as_ref(),
        };
        let Started { child, stdout, stderr } = spawn
            .start()
            .await
            .map_err(|error| failed(format!("the program cannot be started: {error}")))?;
        Ok(Self { child, output: Output::follow(id, stdout, stderr), version })
    }

    /// The process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The program that it runs.
    pub(super) fn version(&self) -> Option<&FileVersion> {
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

/// Opens the program, sees who may write it and compares its digest, on a thread that
/// may block. The host's own executable, which is in use, needs none of the three.
async fn open_program(
    installed: &Installed,
    command: &Command,
    known: &KnownDigest,
) -> Result<OpenProgram> {
    let (path, expected) = (command.program.clone(), command.sha256.clone());
    let (trusted, known) = (installed.trusted, known.clone());
    let open = move || check_and_open(&path, expected.as_deref(), trusted, &known);
    let opened = if installed.is_embedded() {
        open()
    } else {
        tokio::task::spawn_blocking(open).await.map_err(|_| Error::Stopped)?
    };
    opened.map_err(|reason| installed.rejected(reason))
}

fn check_and_open(
    path: &Path,
    expected: Option<&str>,
    trusted: bool,
    known: &KnownDigest,
) -> Result<OpenProgram, String> {
    let program = OpenProgram::open(path)
        .map_err(|error| format!("the program {} cannot be started: {error}", path.display()))?;
    if !trusted {
        trust::check_program(&program)?;
    }
    if let Some(expected) = expected {
        // What others may write says of itself what they like, and when it was written.
        let found = if trusted { digest::read(&program) } else { known.of(&program) };
        let found = found.map_err(|error| error.to_string())?;
        if found != expected {
            return Err(format!(
                "the digest of {} is {found}, not the {expected} of its .pconf",
                path.display()
            ));
        }
    }
    Ok(program)
}

/// The rules of the plugin's sandbox, if it has one, made on a thread that may block.
async fn confine(
    program: OpenProgram,
    policy: &Policy,
) -> Result<(OpenProgram, Option<Ruleset>), String> {
    let Some(sandbox) = policy.sandbox.clone() else { return Ok((program, None)) };
    let made = tokio::task::spawn_blocking(move || {
        let rules = sandbox.rules(&program)?;
        Ok((program, Some(rules)))
    });
    made.await.unwrap_or_else(|error| Err(error.to_string()))
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
