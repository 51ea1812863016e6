//! Ending a connection while another task or thread waits on it.

use std::sync::{Arc, Weak};

use crate::transport::Stream;
use crate::transport::windows::pipe::Pipe;

/// Ends a connection that another task or thread reads from.
#[derive(Debug)]
pub struct ShutdownHandle(Weak<Pipe>);

impl ShutdownHandle {
    /// A handle to this pipe, which does not keep it open.
    pub(in crate::transport::windows) fn new(pipe: &Arc<Pipe>) -> Self {
        Self(Arc::downgrade(pipe))
    }

    /// Ends the connection in both directions: its reader reads what has arrived, and then the
    /// end. The peer sees the end once the connection is dropped.
    pub fn shut_down(&self) {
        if let Some(pipe) = self.0.upgrade() {
            pipe.shut();
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
        ShutdownHandle::new(&self.pipe)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn after_a_shutdown_earlier_bytes_and_the_end_are_read() {
        let (mut ours, mut theirs) = Stream::pair().unwrap();
        // More than tokio reads ahead.
        let sent: Vec<u8> = (0..20_000).map(|at| (at % 251) as u8).collect();
        theirs.write_all(&sent).await.unwrap();
        ours.shutdown_handle().shut_down();
        let mut read = Vec::with_capacity(64);
        while ours.read_buf(&mut read).await.unwrap() > 0 {}
        assert_eq!(read, sent);
        assert_eq!(ours.read_buf(&mut read).await.unwrap(), 0);
        assert!(ours.write_all(b"late").await.is_err());
        drop(ours);
        assert_eq!(theirs.read_buf(&mut read).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_shutdown_wakes_the_reader() {
        let (mut ours, _theirs) = Stream::pair().unwrap();
        let handle = ours.shutdown_handle();
        let reader = tokio::spawn(async move { ours.receive(&mut Vec::with_capacity(8)).await });
        tokio::task::yield_now().await;
        handle.shut_down();
        assert_eq!(reader.await.unwrap().unwrap(), 0);
        assert!(handle.is_closed());
    }
}
