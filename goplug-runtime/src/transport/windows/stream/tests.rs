use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(10);

/// More than the pipe, a write and what is read ahead have room for.
const LARGE: usize = 1 << 20;

fn sample(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

#[tokio::test]
async fn written_bytes_and_the_end_are_read() {
    let (mut ours, mut theirs) = Stream::pair().unwrap();
    ours.write_all(b"one").await.unwrap();
    let slices = [IoSlice::new(b" two"), IoSlice::new(b""), IoSlice::new(b" three")];
    assert_eq!(ours.write_vectored(&slices).await.unwrap(), 10);
    theirs.write_all(b"and back").await.unwrap();
    let mut back = [0; 8];
    ours.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"and back");
    drop(ours);
    let mut read = String::new();
    theirs.read_to_string(&mut read).await.unwrap();
    assert_eq!(read, "one two three");
}

/// A write that has taken bytes says so at once: its caller must not take them for unsent meanwhile.
#[tokio::test]
async fn a_write_does_not_wait_for_its_completion() {
    let (mut ours, theirs) = Stream::pair().unwrap();
    let large = sample(LARGE);
    // The runtime has to hear of the pipe before anything can be written.
    ours.flush().await.unwrap();
    let mut cx = Context::from_waker(std::task::Waker::noop());
    while Pin::new(&mut ours).poll_write(&mut cx, &large).is_ready() {
        // What the pipe has room for is complete soon.
        drop(timeout(Duration::from_millis(20), ours.flush()).await);
    }
    let flush = timeout(Duration::from_millis(20), ours.flush()).await;
    assert!(flush.is_err(), "nobody has read");
    drop(theirs);
    timeout(SOON, ours.flush()).await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_is_written_after_a_shutdown_and_the_rest_is_read() {
    let (mut ours, mut theirs) = Stream::pair().unwrap();
    ours.write_all(b"last").await.unwrap();
    ours.shutdown().await.unwrap();
    assert_eq!(ours.write(b"late").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    theirs.write_all(b"still read").await.unwrap();
    let mut read = [0; 10];
    ours.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"still read");
}

#[tokio::test]
async fn parts_of_any_size_are_sent_in_order() {
    let (mut ours, mut theirs) = Stream::pair().unwrap();
    for length in [0, 1, 1000, 16_383, 16_384, 16_385, 32_767, 32_768, 32_769] {
        let (first, second) = (sample(length), vec![2; length]);
        let parts = [&first, &second].map(|part| IoSlice::new(part));
        let mut parts = &mut parts.clone()[..];
        let mut read = vec![0; 2 * length];
        let write = async {
            while parts.iter().any(|part| !part.is_empty()) {
                let count = ours.write_vectored(parts).await.unwrap();
                assert!(count > 0);
                IoSlice::advance_slices(&mut parts, count);
            }
        };
        tokio::join!(write, async { theirs.read_exact(&mut read).await.unwrap() });
        assert_eq!(read, [first, second].concat());
    }
}

#[tokio::test]
async fn more_than_the_pipe_has_room_for_arrives_both_ways_at_once() {
    let (ours, theirs) = Stream::pair().unwrap();
    let (mut our_reader, mut our_writer) = tokio::io::split(ours);
    let (mut their_reader, mut their_writer) = tokio::io::split(theirs);
    let sent = sample(LARGE);
    let (mut here, mut there) = (vec![0; LARGE], vec![0; LARGE]);
    let all = async {
        tokio::try_join!(
            our_writer.write_all(&sent),
            their_writer.write_all(&sent),
            our_reader.read_exact(&mut here),
            their_reader.read_exact(&mut there),
        )
    };
    timeout(SOON, all).await.unwrap().unwrap();
    assert!(here == sent && there == sent);
}

/// A plugin may end as soon as it has written its last response.
#[test]
fn what_was_flushed_arrives_though_the_writers_runtime_ends() {
    for length in [1, 5000, 60_000, LARGE] {
        let mut read = Vec::new();
        let path = super::super::socket_path(std::path::Path::new(""), "");
        let writing = Builder::new_current_thread().enable_all().build().unwrap();
        let listener = {
            let _context = writing.enter();
            crate::transport::Listener::bind(&path).unwrap()
        };
        let reader = thread::spawn(move || {
            let reading = Builder::new_current_thread().enable_all().build().unwrap();
            reading.block_on(async {
                let mut stream = crate::transport::connect(&path, SOON).await.unwrap();
                stream.read_to_end(&mut read).await.unwrap();
                read
            })
        });
        writing.block_on(async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(&sample(length)).await.unwrap();
            stream.flush().await.unwrap();
        });
        drop((listener, writing));
        assert!(reader.join().unwrap() == sample(length), "{length}");
    }
}

#[tokio::test]
async fn a_waiting_write_ends_when_the_peer_closes() {
    let (a, b) = Stream::pair().unwrap();
    let (c, d) = Stream::pair().unwrap();
    for (mut ours, theirs) in [(a, b), (d, c)] {
        let large = vec![0; LARGE];
        let mut write = std::pin::pin!(ours.write_all(&large));
        assert!(timeout(Duration::from_millis(20), write.as_mut()).await.is_err());
        drop(theirs);
        let error = timeout(SOON, write).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
}

#[cfg(feature = "plugin")]
#[tokio::test]
async fn the_end_of_the_peer_is_noticed_though_nothing_is_read() {
    for length in [8, 20_000] {
        let (mut theirs, ours) = Stream::pair().unwrap();
        theirs.write_all(&sample(length)).await.unwrap();
        timeout(Duration::from_millis(20), ours.peer_closed()).await.unwrap_err();
        drop(theirs);
        timeout(SOON, ours.peer_closed()).await.unwrap();
    }
}

#[cfg(feature = "plugin")]
#[tokio::test]
async fn the_end_of_the_peer_is_noticed_though_there_was_no_room_for_what_it_wrote() {
    let (mut theirs, ours) = Stream::pair().unwrap();
    let large = vec![0; LARGE];
    timeout(Duration::from_millis(20), theirs.write_all(&large)).await.unwrap_err();
    drop(theirs);
    timeout(SOON, ours.peer_closed()).await.unwrap();
}

#[cfg(feature = "host")]
#[tokio::test]
async fn a_stream_has_news_until_all_is_read() {
    let (mut ours, mut theirs) = Stream::pair().unwrap();
    assert!(!ours.has_news());
    theirs.write_all(b"news").await.unwrap();
    let told = async {
        while !ours.has_news() {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, told).await.unwrap();
    let mut read = Vec::with_capacity(64);
    assert_eq!(ours.receive(&mut read).await.unwrap(), 4);
    assert!(!ours.has_news());
}

#[cfg(feature = "host")]
#[tokio::test]
async fn a_peer_that_left_a_request_unread_is_told_from_one_that_read_it() {
    for (read_first, answer) in [(0, ""), (20_000, ""), (100, ""), (0, "answer"), (100, "answer")] {
        let (mut client, mut server) = Stream::pair().unwrap();
        client.write_all(&sample(20_000)).await.unwrap();
        server.read_exact(&mut vec![0; read_first]).await.unwrap();
        server.write_all(answer.as_bytes()).await.unwrap();
        drop(server);
        let mut read = Vec::new();
        let end = timeout(SOON, client.read_to_end(&mut read)).await.unwrap();
        assert_eq!(read, answer.as_bytes());
        let was_unread = end.is_err_and(|error| was_left_unread(&error));
        assert_eq!(was_unread, read_first < 20_000, "{read_first} {answer}");
    }
}

#[cfg(feature = "host")]
#[tokio::test]
async fn a_request_that_comes_while_an_idle_connection_ends_was_not_read() {
    for (request, answer) in [("", ""), ("late", ""), ("", "answer"), ("late", "answer")] {
        let (mut client, mut server) = Stream::pair().unwrap();
        server.write_all(answer.as_bytes()).await.unwrap();
        let mut closing = std::pin::pin!(server.close_idle());
        let mut cx = Context::from_waker(Waker::noop());
        if closing.as_mut().poll(&mut cx).is_pending() {
            // It has begun to close: nobody looks for a request any more.
            client.write_all(request.as_bytes()).await.unwrap();
        }
        let mut read = Vec::new();
        let both = async { tokio::join!(closing, client.read_to_end(&mut read)).1 };
        let end = timeout(SOON, both).await.unwrap();
        assert_eq!(read, answer.as_bytes());
        assert!(end.is_err_and(|error| was_left_unread(&error)), "{request} {answer}");
    }
}
