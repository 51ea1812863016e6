//! Processes of plugins, started as docs/protocol.md says that hosts start them. The code of goplug's own
//! host has no part in it, so that a plugin's fault and the host's cannot hide each other.

use std::io::{self, PipeWriter};
use std::os::windows::io::AsRawHandle;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::process::Child;
use tokio::time::sleep;

use super::groups::Group;
use super::handle::let_inherit;
use super::not_here;
use super::socket_path::new_socket_path;
use super::sockets::{Socket, connect};
use super::watched::Watched;
use crate::system::launch::{Launch, remove_hosts_variables, said};

/// The pause between two attempts to connect to a socket that the plugin has not made yet.
const PAUSE: Duration = Duration::from_millis(5);

/// The statuses with which Windows ends processes, as a number and in words.
const STATUSES: [(u32, &str); 6] = [
    (0xC000_0005, "access violation"),
    (0xC000_001D, "illegal instruction"),
    (0xC000_00FD, "stack overflow"),
    (0xC000_0135, "a DLL is missing"),
    (0xC000_013A, "Ctrl-C"),
    (0xC000_0409, "abort"),
];

/// A process, which is killed with its group when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Group,
    lifeline: Option<PipeWriter>,
    socket: PathBuf,
    said: PathBuf,
    watched: Watched,
}

impl Process {
    /// Starts a plugin with the name of a socket and a lifeline.
    pub(crate) fn start(launch: &Launch<'_>) -> io::Result<Self> {
        if launch.listen_pid.is_some() {
            return Err(not_here("no socket is inherited, and there is no LISTEN_PID"));
        }
        let socket = new_socket_path()?;
        let said = launch.own.join("output");
        let mut command = Command::new(&launch.command[0]);
        command.args(&launch.command[1..]).current_dir(launch.folder).stdin(Stdio::null());
        remove_hosts_variables(&mut command);
        for stream in [Command::stdout, Command::stderr] {
            stream(&mut command, launch.output(&said)?);
        }
        let (reader, writer) = io::pipe()?;
        if launch.has_host {
            command.envs(launch.environment.iter().map(|(key, value)| (key, value)));
            command.env("GOPLUG_SOCK", &socket);
            command.env("GOPLUG_LIFELINE", reader.as_raw_handle().addr().to_string());
            // Nothing else is started meanwhile: all processes are started by one thread.
            let_inherit(&reader)?;
        }
        let (child, group) = Group::spawn(&mut command.into())?;
        let pid = child.id().ok_or(io::ErrorKind::NotFound)?;
        let watched = Watched::new(pid)?.ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { child, group, lifeline: Some(writer), socket, said, watched })
    }

    /// Connects to the socket, once the plugin has made it.
    ///
    /// # Errors
    /// The system's error; [`NotFound`](io::ErrorKind::NotFound) if the process has ended without it.
    pub(crate) async fn connect(&self) -> io::Result<Socket> {
        loop {
            // Asked before the attempt: the plugin may make its socket and end between the two.
            let has_ended = self.watched.has_ended();
            match connect(&self.socket).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound && !has_ended => {
                    sleep(PAUSE).await;
                }
                connected => return connected,
            }
        }
    }

    /// What the process was started with, as [`open_files`](crate::system::open_files) names it: that names
    /// nothing.
    pub(crate) fn inherited(&self) -> &[String] {
        &[]
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
    ///
    /// # Errors
    /// Always: Windows tells that to processes with windows.
    pub(crate) fn terminate(&self) -> io::Result<()> {
        Err(not_here("no signal asks a process to end"))
    }

    /// Whether a process of this exit status has ended since it was asked to, and not in its own order.
    pub(crate) fn was_terminated(_status: i32) -> bool {
        false
    }

    /// The exit status, if the process has ended.
    pub(crate) fn ended(&mut self) -> io::Result<Option<i32>> {
        Ok(self.child.try_wait()?.and_then(|status| status.code()))
    }

    /// Waits for the end of the process.
    pub(crate) async fn end(&mut self) -> io::Result<i32> {
        Ok(self.child.wait().await?.code().unwrap_or_default())
    }

    /// Kills the process and those that it has started, and waits until it is gone.
    pub(crate) async fn close(mut self) {
        self.group.kill();
        // A process that has been killed ends.
        let _ = self.child.wait().await;
    }
}

/// How a process of this exit status has ended.
pub(crate) fn ending(status: i32) -> String {
    let code = status.cast_unsigned();
    match STATUSES.iter().find(|(known, _)| *known == code) {
        Some((_, words)) => format!("it ended with the status 0x{code:08x} ({words})"),
        None if status < 0 => format!("it ended with the status 0x{code:08x}"),
        None => format!("it ended with the status {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_of_windows_is_said_in_its_own_words() {
        let status = 0xC000_0005_u32.cast_signed();
        assert_eq!(ending(status), "it ended with the status 0xc0000005 (access violation)");
        assert_eq!(ending(-1), "it ended with the status 0xffffffff");
        assert_eq!(ending(3), "it ended with the status 3");
    }
}
