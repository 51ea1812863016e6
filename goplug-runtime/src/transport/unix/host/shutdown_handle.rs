//! Ending a connection while another task or thread waits on it.

use std::os::fd::AsFd;
use std::sync::{Arc, Weak};

use rustix::net::Shutdown;

use crate::transport::Stream;

/// Ends a connection that another task or thread reads from.
#[derive(Debug)]
pub struct ShutdownHandle(Weak<dyn AsFd + Send + Sync>);

impl ShutdownHandle {
    /// A handle to this socket, which does not keep it open.
    pub fn new<S: AsFd + Send + Sync + 'static>(socket: &Arc<S>) -> Self {
        let socket: Weak<S> = Arc::downgrade(socket);
        Self(socket)
    }

    /// Ends the connection in both directions: its reader reads what has arrived, and then the
    /// end.
    pub fn shut_down(&self) {
        if let Some(socket) = self.0.upgrade() {
            // It fails only if the connection has ended already.
            let _ = rustix::net::shutdown(socket.as_fd(), Shutdown::Both);
        }
    }

    /// Whether the connection is closed.
    pub fn is_closed(&self) -> bool {
        self.0.strong_count() == 0
    }
}

impl Stream {
    /// A handle that ends this connection from another task or thread.
    pub fn shutdown_handle(&self) -> ShutdownHandle {
        ShutdownHandle::new(&self.socket)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn after_a_shutdown_earlier_bytes_and_the_end_are_read() {
        let (mut ours, mut theirs) = Stream::pair().unwrap();
        theirs.write_all(b"before").await.unwrap();
        ours.shutdown_handle().shut_down();
        let mut read = Vec::with_capacity(64);
        while ours.read_buf(&mut read).await.unwrap() > 0 {}
        assert_eq!(read, b"before");
        assert_eq!(theirs.read_buf(&mut read).await.unwrap(), 0);
    }
}
