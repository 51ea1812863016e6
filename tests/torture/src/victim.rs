//! The plugin under test.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use goplug::{Incoming, Stream};

/// Has a few small methods, and ends its process on request.
#[goplug::plugin(namespace = "torture")]
pub(crate) struct Victim;

/// Adds two integers.
#[goplug::method(Victim, idempotent)]
pub(crate) fn add(a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}

/// The id of the process.
#[goplug::method(Victim, idempotent)]
pub(crate) fn process() -> u32 {
    std::process::id()
}

/// Ends the process with this status.
#[goplug::method(Victim)]
pub(crate) fn exit(status: i32) {
    std::process::exit(status);
}

/// Ends the process by a signal.
#[goplug::method(Victim)]
pub(crate) fn abort() {
    std::process::abort();
}

/// Calls back with this number.
#[goplug::method(Victim)]
pub(crate) async fn call_back(number: u64) -> goplug::Result<()> {
    tick(number).await
}

/// A number.
#[goplug::callback(Victim)]
pub(crate) async fn tick(number: u64) -> goplug::Result<()>;

/// Appends a number to the file of this process in a folder. The files show how often each call was executed. Two
/// processes that append to one file at the same time would overwrite each other under wine.
///
/// # Errors
/// The system's error.
#[goplug::method(Victim)]
pub(crate) fn note(journals: PathBuf, number: u64) -> anyhow::Result<()> {
    let journal = journals.join(std::process::id().to_string());
    let mut journal = File::options().append(true).create(true).open(journal)?;
    Ok(journal.write_all(&number.to_le_bytes())?)
}

/// Reads a file, and answers with its length.
///
/// # Errors
/// The system's error.
#[goplug::method(Victim)]
pub(crate) fn read(path: PathBuf) -> anyhow::Result<usize> {
    Ok(std::fs::read(path)?.len())
}

/// Connects to a port of this machine.
///
/// # Errors
/// The system's error.
#[goplug::method(Victim)]
pub(crate) fn connect(port: u16) -> anyhow::Result<()> {
    Ok(std::net::TcpStream::connect(("127.0.0.1", port)).map(drop)?)
}

/// The numbers below this one.
#[goplug::method(Victim)]
pub(crate) fn count(to: u64) -> impl Stream<Item = u64> {
    Numbers::below(to)
}

static SHORT: AtomicUsize = AtomicUsize::new(0);
static MISPLACED: AtomicUsize = AtomicUsize::new(0);

/// How many numbers came; there should be this many.
#[goplug::method(Victim)]
pub(crate) async fn take_all(to: u64, mut numbers: Incoming<u64>) -> Result<u64, String> {
    let mut expected = 0;
    while let Some(number) = numbers.next().await {
        let number = number.map_err(|error| error.to_string())?;
        MISPLACED.fetch_add(usize::from(number != expected), Ordering::Relaxed);
        expected += 1;
    }
    SHORT.fetch_add(usize::from(expected != to), Ordering::Relaxed);
    Ok(expected)
}

/// Reads numbers to their end, and counts as a stream of numbers.
#[goplug::method(Victim)]
pub(crate) async fn hold(mut numbers: Incoming<u64>) {
    let _stream = Numbers::below(0);
    while numbers.next().await.is_some() {}
}

/// Of the streams of `take_all`: how many were complete and had fewer items than were sent, and how many
/// items were not the next one.
#[goplug::method(Victim)]
pub(crate) fn taken() -> (usize, usize) {
    (SHORT.load(Ordering::Relaxed), MISPLACED.load(Ordering::Relaxed))
}

/// How many streams of numbers there are.
#[goplug::method(Victim)]
pub(crate) fn streams() -> usize {
    STREAMS.load(Ordering::Relaxed)
}

static STREAMS: AtomicUsize = AtomicUsize::new(0);

/// Numbers that count up from zero.
struct Numbers {
    next: u64,
    end: u64,
}

impl Numbers {
    fn below(end: u64) -> Self {
        STREAMS.fetch_add(1, Ordering::Relaxed);
        Self { next: 0, end }
    }
}

impl Stream for Numbers {
    type Item = u64;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u64>> {
        let number = self.next;
        self.next += 1;
        Poll::Ready((number < self.end).then_some(number))
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        STREAMS.fetch_sub(1, Ordering::Relaxed);
    }
}
