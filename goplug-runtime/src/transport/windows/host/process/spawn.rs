//! Starting a plugin's process. It gets a program, a folder, an environment with the name of its pipe, a
//! lifeline and pipes for its output, and nothing else from the host.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::path::{Component, Path, Prefix};

use dunce::simplified;

use super::child::Child;
use super::command_line::command_line;
use super::create_process::{Created, Parts};
use super::environment::{environment_block, is_same_name};
use super::job::Job;
use super::output::{Output, pipe};
use crate::protocol::wire;
use crate::transport::windows::wide::wide;
use crate::transport::{MaybeDeferred, Spawn, Started, explain, on_thread};

/// From this length on, a path has to be marked for the system.
const LONG: usize = 260;

/// Starts a process, and returns once its program is loaded. A library that it lacks shows only in its
/// exit.
///
/// The process leads its own process group and its own job, reads nothing from standard input, and ends
/// with this host. Needs a runtime with I/O. If the future is dropped, the process is killed.
///
/// `prepare` describes the process, or defers the start. It is called on the thread that starts it, so that a start needs only
/// one step to another thread.
///
/// # Errors
/// The error of `prepare`. Otherwise the text continues "the program cannot be started:" and
/// describes what is wrong with program, architecture, folder, arguments, environment or limits.
pub async fn start_or_defer<D, E>(
    prepare: impl FnOnce() -> Result<MaybeDeferred<Spawn, D>, E> + Send + 'static,
) -> Result<MaybeDeferred<Started, D>, E>
where
    D: Send + 'static,
    E: From<io::Error> + Send + 'static,
{
    // If the caller has given up by then, a process that was started ends with the result.
    let prepared = on_thread(|| {
        Ok::<_, E>(match prepare()? {
            MaybeDeferred::Deferred(deferred) => MaybeDeferred::Deferred(deferred),
            MaybeDeferred::Ready(spawn) => {
                let running = spawn.run()?;
                MaybeDeferred::Ready((spawn.identity, spawn.compared, running))
            }
        })
    });
    let (identity, compared, running) = match prepared.await.map_err(explain_thread)?? {
        MaybeDeferred::Deferred(deferred) => return Ok(MaybeDeferred::Deferred(deferred)),
        MaybeDeferred::Ready(prepared) => prepared,
    };
    Ok(MaybeDeferred::Ready(Started {
        child: running.child,
        identity,
        compared,
        stdout: Output::new(running.stdout)?,
        stderr: Output::new(running.stderr)?,
    }))
}

/// A process that runs, and the host's ends of its pipes.
struct Running {
    child: Child,
    stdout: OwnedHandle,
    stderr: OwnedHandle,
}

impl Spawn {
    /// Starts the process. Blocks until its program is loaded.
    fn run(&self) -> io::Result<Running> {
        self.program.check_runnable()?;
        let job = Job::new(&self.limits).map_err(|error| {
            let text = format!("its limits cannot be set: {error}");
            explain(error, text)
        })?;
        let (stdout, child_stdout) = pipe().map_err(explain_preparation)?;
        let (stderr, child_stderr) = pipe().map_err(explain_preparation)?;
        let (child_lifeline, lifeline) = io::pipe().map_err(explain_preparation)?;
        let parts = Parts {
            program: text("the path", &application(self.program.path()))?,
            command_line: command_line(simplified(self.program.path()), &self.args)?,
            environment: self.environment(&child_lifeline)?,
            folder: text("the folder", simplified(&self.folder).as_os_str())?,
            stdin: File::open("NUL").map_err(explain_preparation)?.into(),
            stdout: child_stdout,
            stderr: child_stderr,
            lifeline: child_lifeline.into(),
            job: &job,
        };
        let created: Created = parts.create().map_err(|error| self.explain(error))?;
        let child = Child::new(created, job, lifeline.into()).map_err(explain_preparation)?;
        Ok(Running { child, stdout, stderr })
    }

    fn environment(&self, lifeline: &impl AsRawHandle) -> io::Result<Vec<u16>> {
        // Those that announce descriptors mean nothing here, and a plugin could take them for its own.
        const OURS: [&str; 4] = [
            wire::ENV_LISTEN_PID,
            wire::ENV_LISTEN_FDS,
            wire::ENV_LISTEN_FDNAMES,
            wire::ENV_LIFELINE,
        ];
        let lifeline = lifeline.as_raw_handle().addr().to_string();
        let theirs = self.env.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()));
        let theirs = theirs.filter(|(name, _)| !OURS.iter().any(|our| is_same_name(name, our)));
        let ours = [(OsStr::new(wire::ENV_LIFELINE), OsStr::new(&lifeline))];
        environment_block(theirs.chain(ours))
    }

    fn explain(&self, error: io::Error) -> io::Error {
        if !self.folder.is_dir() {
            let folder = self.folder.display();
            let text = format!("its folder {folder} cannot be entered: {error}");
            return explain(error, text);
        }
        self.program.explain(error)
    }
}

/// The path of a program for the system, which takes a long one only if it is marked.
fn application(path: &Path) -> OsString {
    let is_marked = !matches!(path.components().next(), Some(Component::Prefix(prefix))
        if matches!(prefix.kind(), Prefix::Disk(_)));
    if is_marked || path.as_os_str().len() < LONG {
        return path.into();
    }
    let mut marked = OsString::from(r"\\?\");
    marked.push(path);
    marked
}

/// A text as the system takes it; `what` names it for people.
fn text(what: &str, text: &OsStr) -> io::Result<Vec<u16>> {
    if text.as_encoded_bytes().contains(&0) {
        let text = format!("{what} holds a NUL byte: {text:?}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(wide(text))
}

fn explain_preparation(error: io::Error) -> io::Error {
    let text = format!("the system gives no process: {error}");
    explain(error, text)
}

fn explain_thread(error: io::Error) -> io::Error {
    let text = format!("the system gives no thread to start it from: {error}");
    explain(error, text)
}
