//! Connecting to a plugin's socket.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::transport::{self, Stream};

/// Connects to a socket that this host's user or root has bound.
pub(in crate::host) async fn connect(socket: &Path, within: Duration) -> io::Result<Stream> {
    let stream = transport::connect(socket, within).await?;
    stream.peer()?.check_listener()?;
    Ok(stream)
}

/// The bound of busy polling as a plugin is told it, in microseconds; `None` for zero.
pub(super) fn busy_poll_field(busy_poll: Duration) -> Option<u64> {
    u64::try_from(busy_poll.as_micros()).ok().filter(|microseconds| *microseconds > 0)
}
