//! Connecting to a plugin's socket.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::http1::insert_header;
use crate::protocol::wire;
use crate::transport::{self, Stream};

/// Connects to a socket that this host's user or root has bound.
pub(in crate::host) async fn connect(socket: &Path, timeout: Duration) -> io::Result<Stream> {
    let stream = transport::connect(socket, timeout).await?;
    stream.peer()?.check_listener()?;
    Ok(stream)
}

/// The header that sets the plugin's bound of busy polling, in microseconds, until it has been sent;
/// `None` for no polling.
#[derive(Debug)]
pub(super) struct BusyPollHeader(Option<u64>);

impl BusyPollHeader {
    pub(super) fn new(busy_poll: Duration) -> Self {
        let microseconds = u64::try_from(busy_poll.as_micros()).ok();
        Self(microseconds.filter(|microseconds| *microseconds > 0))
    }

    /// Adds the header to the head of a connection's first request.
    #[inline]
    pub(super) fn insert_once(&mut self, head: &mut Vec<u8>) {
        if let Some(microseconds) = self.0.take() {
            insert_header(head, wire::HEADER_BUSY_POLL, microseconds);
        }
    }
}
