use std::io::{Read, Write};

use super::*;
use crate::transport::socket_path;
use crate::transport::windows::raw::{RawListener, RawStream};

const SOON: Duration = Duration::from_secs(10);

fn pair() -> (BlockingStream, RawStream) {
    let path = socket_path(Path::new(""), "");
    let listener = RawListener::bind(&path);
    let stream = BlockingStream::connect(&path, SOON).unwrap();
    (stream, listener.accept().unwrap())
}

#[test]
fn connect_errors_have_the_texts_of_the_async_connect() {
    let path = socket_path(Path::new(""), "");
    let error = BlockingStream::connect(&path, SOON).unwrap_err();
    assert_eq!(error.to_string(), "there is no such socket");
    assert!(!is_listening(&path).unwrap());
}

#[test]
fn a_pipe_that_stays_busy_ends_at_the_deadline() {
    let path = socket_path(Path::new(""), "");
    let (_listener, _taken) = RawListener::bind_full(&path);
    let error = BlockingStream::connect(&path, Duration::from_millis(20)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "the socket took no connection within 20ms");
    assert!(is_listening(&path).unwrap());
}

#[test]
fn bytes_go_both_ways() {
    let (mut stream, mut other) = pair();
    for _ in 0..100 {
        let deadline = Instant::now() + SOON;
        let parts = [IoSlice::new(b"one"), IoSlice::new(b" two")];
        assert_eq!(stream.write(&parts, deadline).unwrap(), 7);
        let mut heard = [0; 7];
        other.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"one two");
        other.write_all(b"answer").unwrap();
        let mut target = Vec::with_capacity(64);
        assert_eq!(stream.read_some(&mut target, 3, deadline).unwrap(), 3);
        while target.len() < 6 {
            stream.read(&mut target, deadline).unwrap();
        }
        assert_eq!(target, b"answer");
    }
}

/// tokio lets a task of its runtimes do only so much at a time.
#[tokio::test]
async fn a_task_of_a_runtime_may_block_on_any_number_of_reads() {
    let (mut stream, mut other) = pair();
    let echo = thread::spawn(move || {
        let mut byte = [0];
        while other.read(&mut byte).unwrap() > 0 {
            other.write_all(&byte).unwrap();
        }
    });
    for _ in 0..500 {
        let deadline = Instant::now() + SOON;
        stream.write(&[IoSlice::new(b"x")], deadline).unwrap();
        assert_eq!(stream.read(&mut Vec::with_capacity(8), deadline).unwrap(), 1);
    }
    drop(stream);
    echo.join().unwrap();
}

#[test]
fn a_write_looks_for_news_when_it_is_told_to_and_when_there_is_no_room() {
    let (stream, mut other) = pair();
    let piece = vec![0; 1 << 16];
    let write = |looks| {
        stream.write_unless_news(&[IoSlice::new(&piece)], Instant::now() + SOON, looks).unwrap()
    };
    assert!(write(true).is_some());
    other.write_all(b"x").unwrap();
    // The news come by way of a thread.
    let mut written = 0;
    while let Some(count) = write(true) {
        written += count;
    }
    // Nobody reads, so there soon is no room.
    while let Some(count) = write(false) {
        written += count;
    }
    assert!(written > 0);
}

#[test]
fn what_has_been_read_is_no_news() {
    let (mut stream, mut other) = pair();
    let deadline = Instant::now() + SOON;
    for _ in 0..50 {
        other.write_all(b"part").unwrap();
        // As many bytes as there is room for.
        let mut target = Vec::with_capacity(4);
        while target.len() < 4 {
            stream.read_some(&mut target, 4, deadline).unwrap();
        }
        let written = stream.write_unless_news(&[IoSlice::new(b"next")], deadline, true).unwrap();
        assert_eq!(written, Some(4));
        other.read_exact(&mut [0; 4]).unwrap();
    }
}

#[test]
fn a_connection_is_stale_once_bytes_arrive_or_it_is_closed() {
    let becomes_stale = |stream: &BlockingStream| {
        let deadline = Instant::now() + SOON;
        while !stream.is_stale() && Instant::now() < deadline {
            thread::yield_now();
        }
        stream.is_stale()
    };
    let (mut stream, mut other) = pair();
    assert!(!stream.is_stale());
    other.write_all(b"x").unwrap();
    assert!(becomes_stale(&stream));
    let mut read = Vec::with_capacity(8);
    stream.read(&mut read, Instant::now() + SOON).unwrap();
    assert_eq!(read, b"x");
    assert!(!stream.is_stale());
    drop(other);
    assert!(becomes_stale(&stream));
    assert_eq!(stream.read(&mut read, Instant::now() + SOON).unwrap(), 0);
}
