//! A process that is a plugin of somebody's host.

use std::env;
use std::fs;
use std::io::{self, stdin};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, id};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::UnixListener;
use tokio::net::unix::pipe::OpenOptions;
use tokio::signal::unix::{SignalKind, signal};

use super::sockets::Socket;
use super::system::{DESCRIPTORS, descriptor_name_of};
use crate::system::launch::hosts_variables;

/// What a plugin's process has been given, as the cases for hosts look at it. It has to be asked before
/// the process opens files of its own.
pub(crate) fn surroundings() -> Value {
    let lifeline = env::var("GOPLUG_LIFELINE").unwrap_or_default();
    let name = |number: &str| descriptor_name_of(number).unwrap_or_default();
    let entries = fs::read_dir(DESCRIPTORS).into_iter().flatten().flatten();
    let mut others: Vec<_> = entries.map(|entry| entry.file_name().display().to_string()).collect();
    let known = ["0", "1", "2", "3", lifeline.as_str()];
    // The folder that is listed is one of its own entries, and closed again.
    others.retain(|number| !known.contains(&number.as_str()) && !name(number).is_empty());
    json!({
        "process": id(),
        "is-listen-pid": env::var("LISTEN_PID").is_ok_and(|text| text == id().to_string()),
        "environment": hosts_variables(),
        "input": name("0"),
        "socket": name("3"),
        "lifeline": name(&lifeline),
        "other-descriptors": others,
        "folder": env::current_dir().unwrap_or_default(),
    })
}

/// Becomes the same program with other arguments, and with the socket as its standard input: from there, safe
/// code can take it.
///
/// # Errors
/// The system's error. Without one, this does not return.
pub(crate) fn become_listener(arguments: &[&str]) -> io::Result<()> {
    let program = env::current_exe().unwrap_or_default();
    let mut shell = Command::new("/bin/sh");
    Err(shell.args(["-c", "exec \"$@\" <&3", "sh"]).arg(program).args(arguments).exec())
}

/// A socket on which this process listens.
pub(crate) struct Listener(UnixListener);

impl Listener {
    /// Waits for a connection. Cancel safe.
    pub(crate) async fn accept(&mut self) -> io::Result<Socket> {
        Ok(self.0.accept().await?.0)
    }
}

/// The socket that is the standard input.
pub(crate) fn listener() -> io::Result<Listener> {
    let socket = stdin().as_fd().try_clone_to_owned()?;
    let listener = std::os::unix::net::UnixListener::from(socket);
    listener.set_nonblocking(true)?;
    Ok(Listener(UnixListener::from_std(listener)?))
}

/// A wait for the end of the lifeline, which takes no thread.
pub(crate) fn host_end() -> io::Result<impl Future<Output = ()>> {
    let lifeline = env::var("GOPLUG_LIFELINE").unwrap_or_default();
    let path: PathBuf = [DESCRIPTORS, &lifeline].iter().collect();
    let mut lifeline = OpenOptions::new().open_receiver(path)?;
    Ok(async move {
        // The host writes nothing, and an error is an end as well.
        let _ = lifeline.read_u8().await;
    })
}

/// SIGTERM, which does not end the process.
pub(crate) struct Terminations(tokio::signal::unix::Signal);

impl Terminations {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::terminate())?))
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        self.0.recv().await;
    }
}

/// Kills a process.
pub(crate) fn kill(process: u64) {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    // Mostly it is gone.
    let _ = process.map(|process| kill_process(process, Signal::KILL));
}
