//! Connecting to a plugin's socket.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::transport::{self, Stream};

/// Connects to a socket that this host's user or root has bound.
pub(in crate::host) async fn connect(socket: &Path, timeout: Duration) -> io::Result<Stream> {
    let stream = transport::connect(socket, timeout).await?;
    stream.peer()?.check_listener()?;
    Ok(stream)
}
