//! The sockets of plugins.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::temporary::{PREFIX, temp_dir};

/// How much of an answer without a body is read.
const MAX_BARE_ANSWER: u64 = 16 * 1024;

/// How long the path of a socket may be: 107 bytes and a zero byte, `sun_path` in unix(7).
pub(crate) fn longest_socket_path() -> usize {
    107
}

pub(crate) fn is_socket(found: &Metadata) -> bool {
    found.file_type().is_socket()
}

/// A connection to a socket.
pub(crate) type Socket = tokio::net::UnixStream;

/// Connects to a socket.
pub(crate) async fn connect(socket: &Path) -> io::Result<Socket> {
    Socket::connect(socket).await
}

/// Whether a process listens on a socket.
pub(crate) fn has_listener(socket: &Path) -> bool {
    UnixStream::connect(socket).is_ok()
}

/// The process that listens on a socket, where the system tells its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) pid: Option<u32>,
}

/// Who listens on a socket. `None` if nobody does.
pub(crate) async fn server(socket: &Path) -> Option<Server> {
    let stream = tokio::net::UnixStream::connect(socket).await.ok()?;
    let pid = stream.peer_cred().ok().and_then(|credentials| credentials.pid());
    Some(Server { pid: pid.and_then(|pid| pid.try_into().ok()) })
}

/// Has the plugin behind a socket stop within a time, and returns when it has answered or closed the connection.
pub(crate) async fn stop(socket: &Path, within: Duration) -> io::Result<()> {
    let request = format!(
        "POST /Stop HTTP/1.1\r\nHost: goplug\r\nGoplug-Timeout: {}\r\nContent-Length: 0\r\n\r\n",
        within.as_millis()
    );
    exchange(socket, &request, MAX_BARE_ANSWER).await.map(drop)
}

/// Whether a plugin answers on a socket within a time, active or not.
pub(crate) async fn answers(socket: &Path, within: Duration) -> bool {
    let request =
        "POST /Ping HTTP/1.1\r\nHost: goplug\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let answer = timeout(within, exchange(socket, request, MAX_BARE_ANSWER)).await;
    answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer.starts_with(b"HTTP/1.")))
}

/// Asks a socket what it offers, and returns the answer with its head, of at most this many bytes. One
/// request on a connection of its own needs no client library.
pub(crate) async fn ask(socket: &Path, limit: u64) -> io::Result<Vec<u8>> {
    exchange(socket, "GET / HTTP/1.1\r\nHost: goplug\r\nConnection: close\r\n\r\n", limit).await
}

/// Sends a request on a connection of its own, and reads until the connection ends.
async fn exchange(socket: &Path, request: &str, limit: u64) -> io::Result<Vec<u8>> {
    let mut stream = connect(socket).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(limit).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The folders in which this user's hosts have bound the sockets of their plugins.
#[derive(Debug, Default)]
pub(crate) struct HostFolders {
    /// How many have a socket on which a process listens.
    pub(crate) serving: usize,
    /// Those whose hosts are gone.
    pub(crate) dead: Vec<PathBuf>,
}

impl HostFolders {
    /// Looks for them in the folder for temporary files.
    pub(crate) fn find() -> Self {
        let mut found = Self::default();
        for folder in folders(&temp_dir()) {
            let sockets = sockets(&folder);
            if sockets.iter().any(|socket| has_listener(socket)) {
                found.serving += 1;
            } else if !sockets.is_empty() {
                found.dead.push(folder);
            }
        }
        found
    }
}

fn folders(temp: &Path) -> Vec<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let is_own = |found: Metadata| found.is_dir() && found.uid() == user;
    let entries = fs::read_dir(temp).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    named.filter(|entry| entry.metadata().is_ok_and(is_own)).map(|entry| entry.path()).collect()
}

fn sockets(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sockets = entries.filter(|entry| entry.metadata().is_ok_and(|found| is_socket(&found)));
    sockets.map(|entry| entry.path()).collect()
}
