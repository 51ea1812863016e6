//! Single requests to the sockets of plugins. One request on a connection of its own needs no client library.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::system::connect;

/// How much of an answer without a body is read.
const MAX_BARE_ANSWER: u64 = 16 * 1024;

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

/// Asks a socket what it offers, and returns the answer with its head, of at most this many bytes.
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
