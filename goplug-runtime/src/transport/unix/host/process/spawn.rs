//! Starting a plugin's process. It gets a program, a folder, an environment, a socket, a lifeline and
//! pipes for its output, and nothing else from the host.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use rustix::io::Errno;

use super::child::{Child, Process};
use super::failure::{Failure, Step};
use super::output::Output;
use super::passed::LIFELINE_FD;
use super::plan::{Parts, Plan};
use super::reaper;
use super::spawner;
use crate::protocol::wire;
use crate::transport::start_thread::limit_advice;
use crate::transport::unix::host::shortage::{is_shortage, shortage_advice};
use crate::transport::unix::refusal::name_refusal;
use crate::transport::unix::system::start_process;
use crate::transport::{Cgroup, MaybeDeferred, Ruleset, Spawn, Started, explain};

/// How often to try a program that is open for writing. The process that has just written it closes
/// it soon, and a process that was forked meanwhile closes its copy on exec.
const BUSY_ATTEMPTS: u32 = 50;

/// How long to wait between two of these attempts.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// Starts a process, and returns once its program runs.
///
/// The process leads its own process group, has default signal handlers, reads nothing from
/// standard input, and gets its parent-death signal when this host dies. Needs a runtime with I/O and
/// time. If the future is dropped, the process is killed.
///
/// `prepare` describes the process, or defers the start. It is called on the thread that starts all
/// processes, so that a start needs only one step to another thread. It should not block for longer than it takes to
/// check a few files.
///
/// # Errors
/// The error of `prepare`. Otherwise the text continues "the program cannot be started:" and
/// describes what is wrong with program, interpreter, architecture, folder, arguments, environment,
/// limits or sandbox.
pub async fn start_or_defer<D, E>(
    prepare: impl FnOnce() -> Result<MaybeDeferred<Spawn, D>, E> + Send + 'static,
) -> Result<MaybeDeferred<Started, D>, E>
where
    D: Send + 'static,
    E: From<io::Error> + Send + 'static,
{
    let first = || {
        reaper::retry();
        Ok::<_, E>(match prepare()? {
            MaybeDeferred::Deferred(deferred) => MaybeDeferred::Deferred(deferred),
            MaybeDeferred::Ready(spawn) => {
                let attempt = spawn.attempt();
                MaybeDeferred::Ready((spawn, attempt))
            }
        })
    };
    let (mut spawn, mut attempt) = match spawner::run(first).await? {
        MaybeDeferred::Deferred(deferred) => return Ok(MaybeDeferred::Deferred(deferred)),
        MaybeDeferred::Ready(first) => first,
    };
    for _ in 1..BUSY_ATTEMPTS {
        if !matches!(attempt, Attempt::Busy(_)) {
            break;
        }
        tokio::time::sleep(BUSY_PAUSE).await;
        let again = || {
            let attempt = spawn.attempt();
            Ok::<_, E>((spawn, attempt))
        };
        (spawn, attempt) = spawner::run(again).await?;
    }
    match attempt {
        Attempt::Running(Running { process, lifeline, stdout, stderr }) => {
            Ok(MaybeDeferred::Ready(Started {
                child: Child::new(process, lifeline)?,
                identity: spawn.identity,
                compared: spawn.compared,
                stdout: Output::from_owned_fd(stdout)?,
                stderr: Output::from_owned_fd(stderr)?,
            }))
        }
        Attempt::Busy(error) | Attempt::Failed(error) => Err(error.into()),
    }
}

/// What came of one attempt to start a process.
enum Attempt {
    /// Its program runs.
    Running(Running),
    /// Another process has the program open for writing, probably not for long.
    Busy(io::Error),
    /// It cannot be started.
    Failed(io::Error),
}

/// A process that runs, and the host's ends of its pipes.
struct Running {
    process: Process,
    lifeline: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Spawn {
    /// Tries once to start the process. Blocks until its program runs.
    fn attempt(&self) -> Attempt {
        self.run().unwrap_or_else(|error| Attempt::Failed(with_advice(error)))
    }

    fn run(&self) -> io::Result<Attempt> {
        if !self.program.runs_from_file() {
            self.program.check_unchanged()?;
        }
        let (stdout, child_stdout) = io::pipe()?;
        let (stderr, child_stderr) = io::pipe()?;
        let (child_lifeline, lifeline) = io::pipe()?;
        let mut plan =
            self.plan(child_stdout.into(), child_stderr.into(), child_lifeline.into())?;
        match start_process(&mut plan) {
            Ok(process) => Ok(Attempt::Running(Running {
                process: Process::new(process, self.cgroup.clone()),
                lifeline: lifeline.into(),
                stdout: stdout.into(),
                stderr: stderr.into(),
            })),
            Err(failure) if Errno::from_io_error(&failure.error) == Some(Errno::TXTBSY) => {
                Ok(Attempt::Busy(self.explain(failure)))
            }
            Err(failure) => Err(self.explain(failure)),
        }
    }

    fn plan(&self, stdout: OwnedFd, stderr: OwnedFd, lifeline: OwnedFd) -> io::Result<Plan> {
        let program = c_string("the path", self.program.path().as_os_str())?;
        let args = self.args.iter().map(|arg| c_string("an argument", arg));
        let confinement = self.ruleset.as_ref().map(Ruleset::confinement);
        Plan::new(Parts {
            argv: std::iter::once(Ok(program.clone())).chain(args).collect::<io::Result<_>>()?,
            program,
            file: self.program.runs_from_file().then(|| self.program.file()),
            folder: c_string("the folder", self.folder.as_os_str())?,
            env: self.environment()?,
            limits: self.limits.iter().map(|limit| limit.prepare()).collect(),
            cgroup: self.cgroup.as_deref().map(Cgroup::procs),
            parent_death_signal: self.parent_death_signal,
            confinement: confinement.transpose()?.flatten(),
            stdin: empty_input()?,
            stdout,
            stderr,
            listener: self.listener.as_fd(),
            lifeline,
        })
    }

    /// The environment without `LISTEN_PID`, which only the process itself knows.
    fn environment(&self) -> io::Result<Vec<CString>> {
        const OURS: [&str; 4] = [
            wire::ENV_LISTEN_PID,
            wire::ENV_LISTEN_FDS,
            wire::ENV_LISTEN_FDNAMES,
            wire::ENV_LIFELINE,
        ];
        let lifeline = LIFELINE_FD.to_string();
        let ours = [
            (wire::ENV_LISTEN_FDS, "1"),
            (wire::ENV_LISTEN_FDNAMES, wire::LISTEN_FDNAME),
            (wire::ENV_LIFELINE, &lifeline),
        ];
        let ours = ours.iter().map(|(name, value)| variable(OsStr::new(name), OsStr::new(value)));
        let theirs = self.env.iter().filter(|(name, _)| !OURS.iter().any(|our| name == our));
        theirs.map(|(name, value)| variable(name, value)).chain(ours).collect()
    }

    fn explain(&self, Failure { step, error }: Failure) -> io::Error {
        let error = match step.call() {
            Some(call) => name_refusal(call, error),
            None => error,
        };
        match step {
            Step::Process | Step::Group | Step::Prepare => {
                let advice = limit_advice(&error);
                let text = format!("the system gives no process: {error}{advice}");
                explain(error, text)
            }
            Step::ExecFile => error,
            Step::Cgroup => {
                let text = format!("its control group cannot be entered: {error}");
                explain(error, text)
            }
            Step::Limit => {
                let text = format!("its limits cannot be set: {error}");
                explain(error, text)
            }
            Step::Privileges | Step::Sandbox | Step::Filter => {
                let text = format!("its sandbox cannot be entered: {error}");
                explain(error, text)
            }
            Step::Exec => {
                let withheld =
                    self.ruleset.is_some() && Errno::from_io_error(&error) == Some(Errno::ACCESS);
                let error = self.program.explain(error);
                if withheld {
                    let text = format!("{error}; or its sandbox withholds interpreter or loader");
                    return explain(error, text);
                }
                error
            }
            Step::Folder => {
                let folder = self.folder.display();
                let text = format!("its folder {folder} cannot be entered: {error}");
                explain(error, text)
            }
        }
    }
}

/// Adds to a shortage what helps.
fn with_advice(error: io::Error) -> io::Error {
    match shortage_advice(&error) {
        Some(advice) => {
            let text = format!("{error}: {advice}");
            explain(error, text)
        }
        None => error,
    }
}

/// Standard input that has nothing to read. Not every container has the device for that.
fn empty_input() -> io::Result<OwnedFd> {
    match File::open("/dev/null") {
        Ok(device) => Ok(device.into()),
        Err(error) if is_shortage(&error) => Err(error),
        // The writing end is closed at once.
        Err(_) => Ok(io::pipe()?.0.into()),
    }
}

fn variable(name: &OsStr, value: &OsStr) -> io::Result<CString> {
    if name.is_empty() || name.as_bytes().contains(&b'=') {
        let text = format!("{name:?} cannot be the name of an environment variable");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let mut entry = OsString::from(name);
    entry.push("=");
    entry.push(value);
    c_string("an environment variable", &entry)
}

fn c_string(what: &str, text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{what} holds a NUL byte: {text:?}"))
    })
}
