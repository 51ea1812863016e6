//! The other process of a peer: this program again, or the peer's own, on a socket that the
//! host has bound. So a host can connect at once, as goplug's does.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{End, PeerName};
use crate::{placement, programs, roles};

/// The variable that names the folder of a host to what it starts.
const FOLDER: &str = "GOPLUG_BENCH_FOLDER";

pub(super) struct Process {
    peer: PeerName,
    end: End,
    folder: TempDir,
    child: Option<Child>,
}

impl Process {
    /// One that is not started yet.
    pub(super) fn of(peer: PeerName, end: End) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("goplug-bench-").tempdir()?;
        Ok(Self { peer, end, folder, child: None })
    }

    pub(super) fn start(&mut self) -> Result<()> {
        self.stop();
        let socket = self.socket();
        if let Err(error) = std::fs::remove_file(&socket)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error.into());
        }
        let listener = UnixListener::bind(socket)?;
        let mut command = match self.end {
            End::Shared => roles::command(&[roles::PLUGIN, self.peer.name()])?,
            End::Own => Command::new(programs::path(self.peer)?),
        };
        command.stdin(OwnedFd::from(listener)).stdout(Stdio::null());
        command.envs(placement::seat_of_other()).env(FOLDER, self.folder());
        self.child = Some(command.spawn()?);
        Ok(())
    }

    pub(super) fn id(&self) -> Result<u32> {
        Ok(self.child.as_ref().context("the other process was not started")?.id())
    }

    /// Of this process and the other, and empty but for the socket.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// A connection for blocking use.
    pub(super) fn connect(&self) -> Result<UnixStream> {
        Ok(UnixStream::connect(self.socket())?)
    }

    /// A connection for use within the runtime.
    pub(super) async fn connect_async(&self) -> Result<tokio::net::UnixStream> {
        Ok(tokio::net::UnixStream::connect(self.socket()).await?)
    }

    pub(super) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may be gone, which is what is wanted. Not by SIGKILL: who counts its
            // instructions, as valgrind does, has to have the last word.
            if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::TERM);
            }
            let _ = child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The folder of the host that has started this process.
pub(super) fn folder_of_host() -> Result<PathBuf> {
    Ok(std::env::var_os(FOLDER).context(FOLDER)?.into())
}

/// The socket that this process is to serve.
pub(super) fn listener() -> Result<UnixListener> {
    Ok(UnixListener::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// The same for use within the runtime.
pub(super) fn listener_async() -> Result<tokio::net::UnixListener> {
    let listener = listener()?;
    listener.set_nonblocking(true)?;
    Ok(tokio::net::UnixListener::from_std(listener)?)
}
