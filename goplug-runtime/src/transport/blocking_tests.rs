//! What each system's blocking connection does.

use std::io::{self, IoSlice};
use std::thread;
use std::time::{Duration, Instant};

use super::{BlockingStream, RawListener, RawStream, socket_path};

const SOON: Duration = Duration::from_secs(10);

fn pair() -> (BlockingStream, RawStream) {
    let temp = tempfile::tempdir().unwrap();
    let path = socket_path(temp.path(), "s");
    let listener = RawListener::bind(&path);
    let stream = BlockingStream::connect(&path, SOON).unwrap();
    (stream, listener.accept().unwrap())
}

#[test]
fn the_peer_is_known() {
    let (stream, _other) = pair();
    assert!(stream.peer().unwrap().is_trusted());
}

#[test]
fn each_read_ends_at_its_own_deadline() {
    let (mut stream, _other) = pair();
    for millis in [5, 60, 20] {
        let (began, granted) = (Instant::now(), Duration::from_millis(millis));
        let error = stream.read(&mut Vec::with_capacity(8), began + granted).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= granted, "{:?}", began.elapsed());
    }
}

#[test]
fn a_write_without_a_reader_ends_at_its_deadline() {
    let (mut stream, _other) = pair();
    let deadline = Instant::now() + Duration::from_millis(50);
    let piece = vec![0; 1 << 20];
    let error = loop {
        if let Err(error) = stream.write(&[IoSlice::new(&piece)], deadline) {
            break error;
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn hanging_up_wakes_the_reader() {
    let (mut stream, _other) = pair();
    let shutdown_handle = stream.shutdown_handle();
    let mut target = Vec::with_capacity(8);
    let reader = thread::spawn(move || stream.read(&mut target, Instant::now() + SOON));
    shutdown_handle.shut_down();
    assert_eq!(reader.join().unwrap().unwrap(), 0);
    assert!(shutdown_handle.is_closed());
}
