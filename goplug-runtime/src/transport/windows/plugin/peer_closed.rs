//! Noticing that the peer has closed a connection, without reading from it.

use std::os::windows::io::AsHandle;

use crate::transport::Stream;
use crate::transport::windows::pipe_calls::is_closing;

/// Whether the peer has closed its end, so that it will not read what is written now. Returns
/// `false` for a peer that has only finished writing, which it cannot tell on a pipe. Never blocks.
pub fn is_peer_closed(stream: &Stream) -> bool {
    is_closing(stream.as_handle())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_closed_peer_is_noticed_though_not_all_is_read() {
        // tokio reads the first few kilobytes ahead.
        for length in [8, 20_000] {
            let (here, mut there) = Stream::pair().unwrap();
            assert!(!is_peer_closed(&here));
            there.write_all(&vec![0; length]).await.unwrap();
            there.shutdown().await.unwrap();
            assert!(!is_peer_closed(&here));
            drop(there);
            // The pipe is closed once the runtime has heard that nothing waits on it any more.
            let noticed = async {
                while !is_peer_closed(&here) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(SOON, noticed).await.unwrap();
        }
    }
}
