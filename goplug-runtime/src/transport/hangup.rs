//! The end of a connection: noticed without reading from it, and brought about from beside
//! whoever waits on it.

#[cfg(feature = "host")]
use std::os::fd::AsFd;
#[cfg(feature = "host")]
use std::sync::{Arc, Weak};

#[cfg(feature = "plugin")]
use rustix::event::{PollFd, PollFlags, Timespec, poll};

#[cfg(feature = "plugin")]
use super::Stream;

/// Whether the peer has closed its end for good: it will not read what is written now.
/// One that has only finished writing has not.
#[cfg(feature = "plugin")]
pub fn has_hung_up(stream: &Stream) -> bool {
    // The system reports a hangup whether it is asked for or not.
    let mut ends = [PollFd::new(stream, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    match poll(&mut ends, Some(&at_once)) {
        Ok(_) => ends[0].revents().intersects(PollFlags::HUP | PollFlags::ERR),
        // Interrupted: the next look will tell.
        Err(_) => false,
    }
}

/// Ends a connection from beside whoever waits on it.
#[cfg(feature = "host")]
#[derive(Debug)]
pub struct HangUp(Weak<dyn AsFd + Send + Sync>);

#[cfg(feature = "host")]
impl HangUp {
    /// One for this socket, which it does not keep open.
    pub fn of<S: AsFd + Send + Sync + 'static>(socket: &Arc<S>) -> Self {
        let socket: Weak<S> = Arc::downgrade(socket);
        Self(socket)
    }

    /// Ends the connection, both ways: whoever reads from it reads its end.
    pub fn now(&self) {
        if let Some(socket) = self.0.upgrade() {
            // One that is over already has what it was to get.
            let _ = rustix::net::shutdown(socket.as_fd(), rustix::net::Shutdown::Both);
        }
    }

    /// Whether the connection is closed.
    pub fn is_closed(&self) -> bool {
        self.0.strong_count() == 0
    }
}

#[cfg(all(test, feature = "plugin"))]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn a_peer_that_is_gone_has_hung_up_and_one_that_finished_writing_has_not() {
        let (here, mut there) = Stream::pair().unwrap();
        assert!(!has_hung_up(&here));

        there.write_all(b"not read").await.unwrap();
        there.shutdown().await.unwrap();
        assert!(!has_hung_up(&here));

        drop(there);
        assert!(has_hung_up(&here));
    }
}
