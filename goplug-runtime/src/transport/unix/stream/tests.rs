use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Duration, timeout};

use super::super::send::MAX_JOINED;
use super::*;

const SOON: Duration = Duration::from_secs(10);
const LARGE: usize = 4 << 20;

#[tokio::test]
async fn written_bytes_and_the_end_are_read() {
    let (mut ours, mut theirs) = Stream::pair().unwrap();
    ours.write_all(b"one").await.unwrap();
    let slices = [IoSlice::new(b" two"), IoSlice::new(b" three")];
    assert_eq!(ours.write_vectored(&slices).await.unwrap(), 10);
    ours.shutdown().await.unwrap();
    let mut read = String::new();
    theirs.read_to_string(&mut read).await.unwrap();
    assert_eq!(read, "one two three");
    theirs.write_all(b"and back").await.unwrap();
    let mut back = [0; 8];
    ours.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"and back");
}

#[tokio::test]
async fn the_end_of_the_peer_is_noticed_though_nothing_is_read() {
    for closes in [true, false] {
        let (mut theirs, ours) = Stream::pair().unwrap();
        theirs.write_all(b"not read").await.unwrap();
        timeout(Duration::from_millis(20), ours.peer_closed()).await.unwrap_err();
        theirs.shutdown().await.unwrap();
        let _end = (!closes).then_some(theirs);
        timeout(SOON, ours.peer_closed()).await.unwrap();
    }
}

#[tokio::test]
async fn parts_of_any_size_are_sent_in_order() {
    let (mut ours, mut theirs) = Stream::pair().unwrap();
    for length in [0, 1, MAX_JOINED / 2, MAX_JOINED / 2 + 1, MAX_JOINED] {
        let (first, second) = (vec![1; length], vec![2; length]);
        let parts = [&first, &second].map(|part| IoSlice::new(part));
        assert_eq!(ours.write_vectored(&parts).await.unwrap(), 2 * length);
        let mut read = vec![0; 2 * length];
        theirs.read_exact(&mut read).await.unwrap();
        assert_eq!(read, [first, second].concat());
    }
}

#[tokio::test]
async fn the_socket_is_watched_for_room_only_while_a_write_waits() {
    let (mut host, mut plugin) = Stream::pair().unwrap();
    let sent: Vec<u8> = (0..LARGE).map(|at| (at % 251) as u8).collect();
    for _ in 0..2 {
        let (ours, theirs) = (&mut host, &mut plugin);
        let mut read = vec![0; LARGE];
        let both = async { tokio::join!(ours.write_all(&sent), theirs.read_exact(&mut read)) };
        let (written, received) = timeout(SOON, both).await.unwrap();
        written.unwrap();
        received.unwrap();
        assert!(read == sent);
        assert!(ours.room.is_none());
        std::mem::swap(&mut host, &mut plugin);
    }
}

#[cfg(feature = "host")]
#[tokio::test]
async fn a_hosts_end_that_is_watched_for_reading_alone_still_waits_for_room() {
    let (host, mut plugin) = Stream::pair().unwrap();
    let mut host = host.watched_for_reading().unwrap();
    assert!(matches!(*host.socket, RegisteredSocket::ReadOnly(_)));
    let (sent, mut read) = (vec![7; LARGE], vec![0; LARGE]);
    let both = async { tokio::join!(host.write_all(&sent), plugin.read_exact(&mut read)) };
    let (written, received) = timeout(SOON, both).await.unwrap();
    written.unwrap();
    received.unwrap();
    assert!(read == sent && host.room.is_none());
    plugin.write_all(b"and back").await.unwrap();
    drop(plugin);
    let mut back = String::new();
    timeout(SOON, host.read_to_string(&mut back)).await.unwrap().unwrap();
    assert_eq!(back, "and back");
}

#[tokio::test]
async fn the_socket_stays_watched_for_room_while_further_waits_are_expected() {
    let (mut host, mut plugin) = Stream::pair().unwrap();
    plugin.expect_waits(true);
    let (sent, mut read) = (vec![7; LARGE], vec![0; LARGE]);
    for _ in 0..2 {
        let both = async { tokio::join!(plugin.write_all(&sent), host.read_exact(&mut read)) };
        let (written, received) = timeout(SOON, both).await.unwrap();
        written.unwrap();
        received.unwrap();
        assert!(plugin.room.is_some());
    }
    plugin.expect_waits(false);
    assert!(plugin.room.is_none());
}

#[tokio::test]
async fn a_waiting_write_ends_when_the_peer_closes() {
    let (a, b) = Stream::pair().unwrap();
    let (c, d) = Stream::pair().unwrap();
    for (mut ours, theirs) in [(a, b), (d, c)] {
        let large = vec![0; LARGE];
        let mut write = std::pin::pin!(ours.write_all(&large));
        assert!(std::future::poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx).is_pending())).await);
        drop(theirs);
        let error = timeout(SOON, write).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
}

#[test]
fn the_plugin_is_not_woken_when_its_response_is_read() {
    const QUESTIONS: usize = 500;
    let parked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&parked);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || _ = counter.fetch_add(1, Ordering::Relaxed))
        .build()
        .unwrap();
    let (mut host, plugin) = std::os::unix::net::UnixStream::pair().unwrap();
    plugin.set_nonblocking(true).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..QUESTIONS {
                host.write_all(b"?").unwrap();
                host.read_exact(&mut [0]).unwrap();
            }
        });
        runtime.block_on(async {
            let mut plugin = Stream::accepted(plugin.into()).unwrap();
            let mut question = Vec::with_capacity(8);
            while plugin.read_buf(&mut question).await.unwrap() > 0 {
                plugin.write_all(&question).await.unwrap();
                question.clear();
            }
        });
    });
    let parked = parked.load(Ordering::Relaxed);
    assert!(parked <= QUESTIONS + 10, "{parked}");
}
