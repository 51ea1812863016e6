//! Noticing that the peer has closed a connection, without reading from it.

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::transport::Stream;

/// Whether the peer has closed its end, so that it will not read what is written now. Returns
/// `false` for a peer that has only finished writing. Never blocks.
pub fn is_peer_closed(stream: &Stream) -> bool {
    // The system reports a hangup without being asked for it.
    let mut ends = [PollFd::new(stream, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    match poll(&mut ends, Some(&at_once)) {
        Ok(_) => ends[0].revents().intersects(PollFlags::HUP | PollFlags::ERR),
        // Interrupted: the next call will tell.
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn a_closed_peer_is_noticed_and_a_half_closed_one_is_not() {
        let (here, mut there) = Stream::pair().unwrap();
        assert!(!is_peer_closed(&here));

        there.write_all(b"not read").await.unwrap();
        there.shutdown().await.unwrap();
        assert!(!is_peer_closed(&here));

        drop(there);
        assert!(is_peer_closed(&here));
    }
}
