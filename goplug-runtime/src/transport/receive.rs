//! Reading from a connection what has arrived.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use super::Stream;

impl Stream {
    /// Reads the bytes that have arrived, and appends them to `target` without growing it; it
    /// must have spare capacity. Ready with the number of bytes; zero is the end of the stream.
    ///
    /// # Errors
    /// The system's error.
    pub fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        target: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        self.poll_receive_some(cx, target, usize::MAX)
    }

    /// [`poll_receive`](Self::poll_receive) as a future. Cancel safe.
    ///
    /// # Errors
    /// The system's error.
    pub async fn receive(&mut self, target: &mut Vec<u8>) -> io::Result<usize> {
        poll_fn(|cx| self.poll_receive(cx, target)).await
    }

    /// [`poll_receive_some`](Self::poll_receive_some) as a future. Cancel safe.
    ///
    /// # Errors
    /// The system's error.
    #[cfg(feature = "plugin")]
    pub async fn receive_some(&mut self, target: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        poll_fn(|cx| self.poll_receive_some(cx, target, limit)).await
    }
}
