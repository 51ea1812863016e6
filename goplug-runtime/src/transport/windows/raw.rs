//! The plugin's end of connections, for the unit tests of the rooms above that play a plugin: it blocks, and
//! reads and writes bytes and nothing else.

use std::io::{self, IoSlice, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::ShutdownHandle;
use super::connect::Attempt;
use super::left_unread;
use super::listen::Listener;
use super::parked_pipe::{ParkedPipe, runtime, wait};
use super::pipe::Pipe;

/// Longer than any test takes.
const NEVER: Duration = Duration::from_secs(3600);

/// A socket on which a test accepts connections. Its clones are the same socket.
#[derive(Clone)]
pub(crate) struct RawListener(Arc<Mutex<Option<Listener>>>);

impl RawListener {
    pub(crate) fn bind(path: &Path) -> Self {
        let runtime = runtime().unwrap();
        let _context = runtime.enter();
        Self::new(Listener::bind(path).unwrap())
    }

    fn new(listener: Listener) -> Self {
        Self(Arc::new(Mutex::new(Some(listener))))
    }

    /// A socket that takes no further connection, and the connection that it has taken.
    pub(crate) fn bind_full(path: &Path) -> (Self, RawStream) {
        let runtime = runtime().unwrap();
        let _context = runtime.enter();
        let listener = Listener::of_one_instance(path, false).unwrap();
        let Ok(Attempt::Connected(taken)) = Attempt::at(path) else { panic!("no connection") };
        (Self::new(listener), RawStream::new(Pipe::connected(taken)))
    }

    pub(crate) fn accept(&self) -> io::Result<RawStream> {
        loop {
            let Some(listener) = &*self.lock() else {
                return Err(io::ErrorKind::NotConnected.into());
            };
            let _context = runtime()?.enter();
            // Several threads may accept, and the listener wakes one.
            let accepted = listener.poll_accept(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(accepted) = accepted {
                return Ok(RawStream::new(Pipe::accepted(accepted?)));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Listener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes no more connections, and ends every `accept`, as a crash does.
    pub(crate) fn crash(&self) {
        drop(self.lock().take());
    }

    /// Takes no more connections, and ends every `accept`, as a stop in good order does.
    pub(crate) fn stop(&self) {
        self.crash();
    }
}

/// A connection. Its clones are the same connection, which ends with the last of them.
#[derive(Clone)]
pub(crate) struct RawStream(Arc<Shared>);

struct Shared(Mutex<Option<Arc<ParkedPipe>>>);

impl Shared {
    /// The pipe, until the connection has been shut down.
    fn pipe(&self) -> Option<Arc<ParkedPipe>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self) -> Option<Arc<ParkedPipe>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(pipe) = self.take().filter(|pipe| pipe.has_left_unread()) {
            let runtime = runtime().unwrap();
            let _context = runtime.enter();
            left_unread::tell_later(pipe.pipe());
        }
    }
}

impl RawStream {
    fn new(pipe: Pipe) -> Self {
        Self(Arc::new(Shared(Mutex::new(Some(Arc::new(ParkedPipe::new(pipe)))))))
    }

    /// Two ends that are connected.
    pub(crate) fn pair() -> (Self, Self) {
        let runtime = runtime().unwrap();
        let _context = runtime.enter();
        let (a, b) = Pipe::pair().unwrap();
        (Self::new(a), Self::new(b))
    }

    /// Waits until there is something to read, and reads nothing.
    pub(crate) fn wait_until_readable(&self) {
        let pipe = self.0.pipe().unwrap();
        wait(Instant::now() + NEVER, |cx| pipe.poll_news(cx).map(Ok)).unwrap();
    }

    /// Whether the peer has ended the connection, and everything has been read.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.pipe().is_none_or(|pipe| pipe.has_ended())
    }

    /// Ends the connection, whoever else has it.
    pub(crate) fn shut_down(&self) {
        // Whoever waits on it lets go of it as well.
        if let Some(pipe) = self.0.take() {
            pipe.pipe().shut();
        }
    }

    pub(crate) fn shutdown_handle(&self) -> ShutdownHandle {
        ShutdownHandle::new(self.0.pipe().unwrap().pipe())
    }
}

impl Read for RawStream {
    fn read(&mut self, mut bytes: &mut [u8]) -> io::Result<usize> {
        let room = bytes.len();
        match self.0.pipe() {
            Some(pipe) => pipe.read(&mut bytes, room, Instant::now() + NEVER),
            None => Ok(0),
        }
    }
}

impl Write for RawStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(pipe) = self.0.pipe() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        pipe.write(&[IoSlice::new(bytes)], Instant::now() + NEVER)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
