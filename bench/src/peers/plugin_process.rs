//! The plugin process of a peer: the benchmark's own program or the peer's dedicated one. The
//! host binds the socket before it starts the process, and so can connect at once, as goplug's
//! hosts do.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::processes::{Role, pinning};
use crate::programs;
use crate::vocabulary::{PeerName, PluginProgram};

/// The environment variable that tells the plugin process the folder of its host.
const FOLDER: &str = "GOPLUG_BENCH_FOLDER";

/// A plugin process, from the host's side. It ends when this is dropped.
pub(super) struct PluginProcess {
    peer: PeerName,
    program: PluginProgram,
    folder: TempDir,
    child: Option<Child>,
}

impl PluginProcess {
    /// A plugin process that is not started yet.
    pub(super) fn new(peer: PeerName, program: PluginProgram) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("goplug-bench-").tempdir()?;
        Ok(Self { peer, program, folder, child: None })
    }

    /// Binds the socket and starts the process with the socket as its standard input. A
    /// process that this has started before is stopped.
    pub(super) fn start(&mut self) -> Result<()> {
        self.stop();
        let socket = self.socket();
        if let Err(error) = std::fs::remove_file(&socket)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error.into());
        }
        let listener = UnixListener::bind(socket)?;
        let mut command = match self.program {
            PluginProgram::Shared => Role::Plugin.command(&[self.peer.name()])?,
            PluginProgram::Dedicated => Command::new(programs::path(self.peer)?),
        };
        command.stdin(OwnedFd::from(listener)).stdout(Stdio::null());
        command.envs(pinning::variable_for_plugin()).env(FOLDER, self.folder());
        self.child = Some(command.spawn()?);
        Ok(())
    }

    pub(super) fn id(&self) -> Result<u32> {
        Ok(self.child.as_ref().context("the other process was not started")?.id())
    }

    /// The folder that host and plugin process share. It is empty except for the socket.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// A new connection for blocking use.
    pub(super) fn connect(&self) -> Result<UnixStream> {
        Ok(UnixStream::connect(self.socket())?)
    }

    /// A new connection for use within the runtime.
    pub(super) async fn connect_async(&self) -> Result<tokio::net::UnixStream> {
        Ok(tokio::net::UnixStream::connect(self.socket()).await?)
    }

    /// Ends the process and waits for its exit.
    pub(super) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Not by SIGKILL: valgrind, which may run the process, prints its counts when the
            // process ends. An error means that the process has already ended.
            if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::TERM);
            }
            let _ = child.wait();
        }
    }
}

impl Drop for PluginProcess {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The folder of the host that has started this process.
pub(super) fn folder_of_host() -> Result<PathBuf> {
    Ok(std::env::var_os(FOLDER).context(FOLDER)?.into())
}

/// The socket that this plugin process serves, for blocking use.
pub(super) fn listener() -> Result<UnixListener> {
    Ok(UnixListener::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// The socket that this plugin process serves, for use within the runtime.
pub(super) fn listener_async() -> Result<tokio::net::UnixListener> {
    let listener = listener()?;
    listener.set_nonblocking(true)?;
    Ok(tokio::net::UnixListener::from_std(listener)?)
}
