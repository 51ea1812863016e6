//! What a stream of arguments cannot be.

use goplug::{Bytes, Incoming, IncomingIter, Stream};

#[goplug::plugin]
pub struct Log;

#[goplug::method(Log)]
pub async fn not_last(lines: Incoming<String>, source: String) -> u64 {
    panic!("{lines:?} {source}")
}

#[goplug::method(Log)]
pub async fn two(lines: Incoming<String>, others: Incoming<u8>) -> u64 {
    panic!("{lines:?} {others:?}")
}

#[goplug::method(Log)]
pub fn blocks(lines: Incoming<String>) -> u64 {
    panic!("{lines:?}")
}

#[goplug::method(Log)]
pub async fn iterates(lines: IncomingIter<String>) -> u64 {
    panic!("{lines:?}")
}

#[goplug::method(Log)]
pub fn both(lines: IncomingIter<String>) -> std::pin::Pin<Box<dyn Stream<Item = String>>> {
    panic!("{lines:?}")
}

#[goplug::method(Log)]
pub async fn beside_bytes(image: Bytes, lines: Incoming<String>) -> u64 {
    panic!("{lines:?} {image:?}")
}

#[goplug::method(Log)]
pub async fn borrowed(lines: Incoming<&str>) -> u64 {
    panic!("{lines:?}")
}

#[goplug::callback(Log)]
pub async fn told(lines: Incoming<String>) -> goplug::Result<()>;

#[goplug::stop(Log)]
pub async fn stop(lines: Incoming<String>) {
    panic!("{lines:?}")
}

fn main() {}
