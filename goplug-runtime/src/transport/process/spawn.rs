//! What a plugin's process is given: a program, a folder, an environment, a socket,
//! a lifeline, and pipes for its output. Everything else of the host stays behind.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;
use rustix::pipe::PipeFlags;

use super::child::{Child, Process};
use super::failure::{Failure, Step};
use super::fork::{self, LIFELINE_FD, Parts, Plan};
use super::limit::Limit;
use super::program::OpenProgram;
use super::reach::Ruleset;
use super::spawner;
use crate::protocol::wire;

/// What a plugin writes to its standard output or error.
pub type Output = tokio::net::unix::pipe::Receiver;

/// How often a program that is open for writing is tried. Somebody who just wrote
/// it closes it soon; a process that was forked meanwhile closes its copy on exec.
const BUSY_ATTEMPTS: u32 = 50;

/// How long to wait between two of these attempts.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// A process to start.
#[derive(Debug)]
pub struct Spawn {
    /// The program; its path becomes the first element of the process's argv.
    pub program: OpenProgram,
    /// The arguments behind it.
    pub args: Vec<OsString>,
    /// The whole environment, but for `LISTEN_PID`, `LISTEN_FDS`, `LISTEN_FDNAMES` and
    /// `GOPLUG_LIFELINE`, which are set here whatever this says.
    pub env: Vec<(OsString, OsString)>,
    /// The folder in which it starts.
    pub folder: PathBuf,
    /// The socket that it is to serve.
    pub listener: OwnedFd,
    /// What it and all that it starts may use.
    pub limits: Vec<Limit>,
    /// What it and all that it starts may reach; everything if there is none.
    pub ruleset: Option<Ruleset>,
}

/// A process that has started, and what it says.
#[derive(Debug)]
pub struct Started {
    /// The process.
    pub child: Child,
    /// What it runs.
    pub program: OpenProgram,
    /// Its standard output. End of file comes when every process that has it is gone,
    /// which may be later than the plugin's end.
    pub stdout: Output,
    /// Its standard error; likewise.
    pub stderr: Output,
}

/// Starts a process; returns once its program runs.
///
/// It leads a process group of its own, has default signals, reads nothing from
/// standard input, and gets SIGTERM when this host dies. Needs a runtime with I/O
/// and time. If the future is dropped, the process is killed.
///
/// What it is to be, `prepare` says, on the thread that starts all processes: one step to a
/// thread that may block is enough for a start. It should not block for longer than it takes to
/// look at a few files.
///
/// # Errors
/// What `prepare` says; else the text continues "the program cannot be started:" and says what
/// is wrong with program, interpreter, architecture, folder, arguments, environment, limits or
/// sandbox.
pub async fn start<E>(
    prepare: impl FnOnce() -> Result<Spawn, E> + Send + 'static,
) -> Result<Started, E>
where
    E: From<io::Error> + Send + 'static,
{
    let first = spawner::run(|| {
        let spawn = prepare()?;
        let begun = spawn.begin();
        Ok::<_, E>((spawn, begun))
    });
    let (mut spawn, mut begun) = first.await??;
    for _ in 1..BUSY_ATTEMPTS {
        if !begun.as_ref().is_err_and(|refusal| refusal.busy) {
            break;
        }
        tokio::time::sleep(BUSY_PAUSE).await;
        (spawn, begun) = spawner::run(|| {
            let begun = spawn.begin();
            (spawn, begun)
        })
        .await?;
    }
    let Begun { process, lifeline, stdout, stderr } = begun.map_err(|refusal| refusal.error)?;
    Ok(Started {
        child: Child::new(process, lifeline)?,
        program: spawn.program,
        stdout: Output::from_owned_fd(stdout)?,
        stderr: Output::from_owned_fd(stderr)?,
    })
}

/// A process that has started, and the host's ends of its pipes.
struct Begun {
    process: Process,
    lifeline: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

/// Why a process did not start.
struct Refusal {
    error: io::Error,
    /// Whether somebody has its program open for writing.
    busy: bool,
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self { error, busy: false }
    }
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        io::Error::from(error).into()
    }
}

impl Spawn {
    /// Starts it once. Blocks until its program runs.
    fn begin(&self) -> Result<Begun, Refusal> {
        if !self.program.runs_from_file() {
            self.program.check_unchanged()?;
        }
        let (stdout, child_stdout) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let (stderr, child_stderr) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let (child_lifeline, lifeline) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let mut plan = self.plan(child_stdout, child_stderr, child_lifeline)?;
        match fork::start(&mut plan) {
            Ok(process) => Ok(Begun { process, lifeline, stdout, stderr }),
            Err(failure) => {
                let busy = Errno::from_io_error(&failure.error) == Some(Errno::TXTBSY);
                Err(Refusal { error: self.explain(failure), busy })
            }
        }
    }

    fn plan(&self, stdout: OwnedFd, stderr: OwnedFd, lifeline: OwnedFd) -> io::Result<Plan> {
        let program = c_string("the path", self.program.path().as_os_str())?;
        let args = self.args.iter().map(|arg| c_string("an argument", arg));
        Plan::new(Parts {
            argv: std::iter::once(Ok(program.clone())).chain(args).collect::<io::Result<_>>()?,
            program,
            file: self.program.runs_from_file().then(|| self.program.file()),
            folder: c_string("the folder", self.folder.as_os_str())?,
            env: self.environment()?,
            limits: self.limits.iter().map(|limit| limit.prepare()).collect(),
            ruleset: self.ruleset.as_ref().and_then(Ruleset::as_fd),
            stdin: File::open("/dev/null")?.into(),
            stdout,
            stderr,
            listener: self.listener.as_fd(),
            lifeline,
        })
    }

    /// The environment but for `LISTEN_PID`, which only the process itself knows.
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
        match step {
            Step::Prepare => {
                io::Error::new(error.kind(), format!("the system gives no process: {error}"))
            }
            Step::Limit => {
                io::Error::new(error.kind(), format!("its limits cannot be set: {error}"))
            }
            Step::Privileges | Step::Sandbox => {
                io::Error::new(error.kind(), format!("its sandbox cannot be entered: {error}"))
            }
            Step::Exec => {
                let withheld =
                    self.ruleset.is_some() && Errno::from_io_error(&error) == Some(Errno::ACCESS);
                let error = self.program.explain(error);
                if withheld {
                    let text = format!("{error}; or its sandbox withholds interpreter or loader");
                    return io::Error::new(error.kind(), text);
                }
                error
            }
            Step::Folder => io::Error::new(
                error.kind(),
                format!("its folder {} cannot be entered: {error}", self.folder.display()),
            ),
        }
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
