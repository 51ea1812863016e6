//! Whether anybody is left at the other end of a stream, without reading from it.

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Stream;

/// Whether the peer has closed its end for good: it will not read what is written now.
/// One that has only finished writing has not.
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

#[cfg(test)]
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
