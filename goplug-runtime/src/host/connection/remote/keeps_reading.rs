//! A connection that is read to its end although the other side takes no more data.
//!
//! Somebody who closes a connection says why, or answers, before that: an alert of TLS, a response that did
//! not wait for the whole request. A write that fails first would be taken for the end, and nobody would read
//! what was said.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection whose end is the end of what it reads. What is written after the other side has closed it is
/// thrown away.
pub(super) struct KeepsReading {
    stream: TcpStream,
    takes_no_more: bool,
}

impl KeepsReading {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, takes_no_more: false }
    }

    fn write<T>(
        &mut self,
        otherwise: T,
        write: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.takes_no_more {
            return Poll::Ready(Ok(otherwise));
        }
        match write(Pin::new(&mut self.stream)) {
            Poll::Ready(Err(error)) if is_close(error.kind()) => {
                self.takes_no_more = true;
                Poll::Ready(Ok(otherwise))
            }
            written => written,
        }
    }
}

fn is_close(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted
    )
}

impl AsyncRead for KeepsReading {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for KeepsReading {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(data.len(), |stream| stream.poll_write(cx, data))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = data.iter().map(|part| part.len()).sum();
        self.write(length, |stream| stream.poll_write_vectored(cx, data))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write((), |stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn what_was_said_before_the_end_is_read_after_a_write_that_failed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stream, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (mut stream, mut other) = (KeepsReading::new(stream.unwrap()), accepted.unwrap().0);
        other.write_all(b"no").await.unwrap();
        drop(other);
        while !stream.takes_no_more {
            stream.write_all(&[0; 1024]).await.unwrap();
            tokio::task::yield_now().await;
        }
        stream.write_all(b"more").await.unwrap();
        stream.flush().await.unwrap();
        let mut said = [0; 2];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"no");
        assert!(stream.read_u8().await.is_err());
    }
}
