//! Listening on behalf of a process to be started.
//!
//! A host cannot hand over a pipe so that each language can serve it. So the plugin makes the pipe, and
//! the host only has its name. Connections that are made while the plugin starts wait for the pipe.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::check_path;
use super::listen::check_free;
use super::pipe_calls::exists;
use super::pipe_name::Awaited;
use super::socket::SocketFile;

/// The name of a pipe that a process to be started will make.
///
/// Until that process has made it, connections to the path wait; they fail once this is closed, removed
/// or dropped.
#[derive(Debug)]
pub struct PassedListener {
    file: SocketFile,
    awaited: Mutex<Option<Awaited>>,
}

impl PassedListener {
    /// Takes the path for a process to be started.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a path that [`check_path`] refuses,
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) if a process has a pipe of this name.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        check_path(&path)?;
        check_free(&path)?;
        let awaited = Mutex::new(Some(Awaited::new(&path)));
        Ok(Self { file: SocketFile::new(path), awaited })
    }

    /// A handle of the socket, to start a process with.
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) after [`close`](Self::close).
    pub fn handle(&self) -> io::Result<ListenerHandle> {
        if self.awaited().is_none() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        Ok(ListenerHandle(()))
    }

    /// The process serves the socket, or never will.
    pub fn close(&mut self) {
        self.stop_waiting();
    }

    /// The path of the socket.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Whether the process has begun to serve. It may serve no more.
    pub fn is_taken(&self) -> bool {
        let was_made = self.awaited().as_ref().is_none_or(Awaited::was_made);
        was_made || exists(self.path()).unwrap_or(true)
    }

    /// Whether the process has bound a socket of its own at the path, in place of the one that it was
    /// given: it was given none.
    pub fn is_replaced(&self) -> bool {
        false
    }

    /// The socket is the process's own.
    ///
    /// # Errors
    /// None.
    pub fn adopt_file(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Connections to the path wait no more for the process. The name goes with the process's pipe.
    ///
    /// # Errors
    /// None.
    pub fn remove(&self) -> io::Result<()> {
        self.stop_waiting();
        Ok(())
    }

    fn stop_waiting(&self) {
        drop(self.awaited().take());
    }

    fn awaited(&self) -> MutexGuard<'_, Option<Awaited>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a process that is to be started needs of a [`PassedListener`]: nothing but the path, which its
/// environment names.
#[derive(Debug)]
pub struct ListenerHandle(());

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::transport::{Listener, connect, socket_path};

    const SOON: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_connection_waits_for_the_pipe() {
        let passed = PassedListener::bind(&socket_path(Path::new(""), "")).unwrap();
        assert!(!passed.is_taken());
        let path = passed.path().to_owned();
        // The time is for pipes whose instances are taken.
        let client = tokio::spawn(async move { connect(&path, Duration::ZERO).await });
        tokio::time::sleep(Duration::from_millis(5)).await;
        let listener = Listener::bind(passed.path()).unwrap();
        assert!(passed.is_taken());
        listener.accept().await.unwrap();
        client.await.unwrap().unwrap();
        drop(listener);
        assert!(passed.is_taken(), "it has been, though the pipe is gone");
    }

    #[tokio::test]
    async fn a_connection_waits_no_more_once_the_path_is_given_up() {
        for removes in [true, false] {
            let mut passed = PassedListener::bind(&socket_path(Path::new(""), "")).unwrap();
            let path = passed.path().to_owned();
            let client = tokio::spawn(async move { connect(&path, SOON).await });
            tokio::task::yield_now().await;
            assert!(!client.is_finished());
            if removes {
                passed.remove().unwrap();
            } else {
                passed.close();
            }
            let error = client.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
            assert_eq!(passed.handle().unwrap_err().kind(), io::ErrorKind::NotConnected);
        }
    }

    #[tokio::test]
    async fn a_name_in_use_is_refused() {
        let path = socket_path(Path::new(""), "");
        let _listener = Listener::bind(&path).unwrap();
        let error = PassedListener::bind(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(error.to_string(), "the socket is in use by another process");
    }
}
