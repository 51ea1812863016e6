//! What tests need of the system.

use std::io;
use std::os::windows::fs::symlink_dir;
use std::path::{Path, PathBuf};

use tokio::net::windows::named_pipe::ServerOptions;
use windows_sys::Win32::Foundation::ERROR_TOO_MANY_OPEN_FILES;

use super::socket_path::new_socket_path;
use super::sockets::{Socket, connect};

/// A socket. Nobody listens: a target is told by its name.
pub(crate) struct Listening {
    pub(crate) path: PathBuf,
}

impl Listening {
    /// A name in the space of pipes, whatever the folder.
    pub(crate) fn bind(_folder: &Path, _name: &str) -> Self {
        Self { path: new_socket_path().unwrap() }
    }
}

/// Two ends of a connection.
pub(crate) async fn pair() -> io::Result<(Socket, Socket)> {
    let path = new_socket_path()?;
    let server = ServerOptions::new().create(&path)?;
    let client = connect(&path).await?;
    server.connect().await?;
    Ok((Socket::Server(server), client))
}

/// Makes a link to a folder.
pub(crate) fn link_folder(target: &Path, link: &Path) -> io::Result<()> {
    symlink_dir(target, link)
}

/// The system's error that this process has too many files.
pub(crate) fn too_many_files() -> io::Error {
    io::Error::from_raw_os_error(ERROR_TOO_MANY_OPEN_FILES.cast_signed())
}
