//! Processes of plugins, started as docs/protocol.md says that hosts start them. The code of goplug's own
//! host has no part in it, so that a plugin's fault and the host's cannot hide each other.

use std::io::{self, PipeWriter};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::process::Signal;
use tokio::process::Child;

use super::groups::Group;
use super::sockets::{Socket, connect};
use super::system::descriptor_name;
use crate::system::launch::{Launch, remove_hosts_variables, said};

/// Sets what only a child can set: its process id, and the number of the socket. Shells redirect by single
/// digits, and standard input is how the socket gets here.
const SHELL: &str = "\
exec 3<&0 0</dev/null
LISTEN_PID=${LISTEN_PID:-$$}
export LISTEN_PID
exec \"$@\"";

/// The lowest number that the lifeline may have: out of the way of those that have a meaning.
const LIFELINE: i32 = 10;

/// A process, which is killed with its group when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Group,
    lifeline: Option<PipeWriter>,
    /// The files that the process was started with, as [`open_files`](crate::system::open_files) names them.
    inherited: [String; 2],
    socket: PathBuf,
    said: PathBuf,
}

impl Process {
    /// Starts a plugin with a socket and a lifeline.
    pub(crate) fn start(launch: &Launch<'_>) -> io::Result<Self> {
        let socket = launch.own.join("s");
        let listener = UnixListener::bind(&socket)?;
        let (reader, writer) = io::pipe()?;
        let lifeline = fcntl_dupfd_cloexec(&reader, LIFELINE)?;
        let inherited = [descriptor_name(&listener)?, descriptor_name(&lifeline)?];
        let said = launch.own.join("output");
        let mut command = match launch.has_host {
            true => under_host(launch, listener, &socket, &lifeline)?,
            false => alone(launch),
        };
        command.current_dir(launch.folder);
        for stream in [Command::stdout, Command::stderr] {
            stream(&mut command, launch.output(&said)?);
        }
        let (child, group) = Group::spawn(&mut command.into())?;
        Ok(Self { child, group, lifeline: Some(writer), inherited, socket, said })
    }

    /// Connects to the socket.
    pub(crate) async fn connect(&self) -> io::Result<Socket> {
        connect(&self.socket).await
    }

    /// The socket and the lifeline, as [`open_files`](crate::system::open_files) names them.
    pub(crate) fn inherited(&self) -> &[String] {
        &self.inherited
    }

    /// The end of what the process has printed.
    pub(crate) fn said(&self) -> String {
        said(&self.said)
    }

    /// Ends the lifeline, as the end of a host does.
    pub(crate) fn end_host(&mut self) {
        self.lifeline = None;
    }

    /// Asks the process to end, as the system does when it shuts down.
    pub(crate) fn terminate(&self) -> io::Result<()> {
        self.group.terminate()
    }

    /// Whether a process of this exit status has ended since it was asked to, and not in its own order.
    pub(crate) fn was_terminated(status: i32) -> bool {
        status == -Signal::TERM.as_raw()
    }

    /// The exit status, if the process has ended; the negative number of the signal that has ended it.
    pub(crate) fn ended(&mut self) -> io::Result<Option<i32>> {
        Ok(self.child.try_wait()?.map(number))
    }

    /// Waits for the end of the process.
    pub(crate) async fn end(&mut self) -> io::Result<i32> {
        Ok(number(self.child.wait().await?))
    }

    /// Kills the process and those that it has started, and waits until it is gone.
    pub(crate) async fn close(mut self) {
        self.group.kill();
        // A process that has been killed ends.
        let _ = self.child.wait().await;
    }
}

/// A command whose process gets what a host passes.
fn under_host(
    launch: &Launch<'_>,
    listener: UnixListener,
    socket: &Path,
    lifeline: &OwnedFd,
) -> io::Result<Command> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SHELL, "sh"]).args(launch.command).stdin(OwnedFd::from(listener));
    command.envs(launch.environment.iter().map(|(key, value)| (key, value)));
    command.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", "goplug").env_remove("LISTEN_PID");
    command.env("GOPLUG_LIFELINE", lifeline.as_raw_fd().to_string()).env("GOPLUG_SOCK", socket);
    if let Some(id) = launch.listen_pid {
        command.env("LISTEN_PID", id.to_string());
    }
    // Nothing else is started meanwhile: all processes are started by one thread.
    fcntl_setfd(lifeline, FdFlags::empty())?;
    Ok(command)
}

/// A command whose process finds no host.
fn alone(launch: &Launch<'_>) -> Command {
    let mut command = Command::new(&launch.command[0]);
    command.args(&launch.command[1..]).stdin(Stdio::null());
    remove_hosts_variables(&mut command);
    command
}

/// How a process of this exit status has ended.
pub(crate) fn ending(status: i32) -> String {
    match status {
        ..0 => format!("it was ended by the signal {}", -status),
        0.. => format!("it ended with the status {status}"),
    }
}

fn number(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or_default())
}
