//! Items of a stream of arguments that cannot travel, and a type that is no stream.

use goplug::{Bytes, Incoming};

#[goplug::plugin]
pub struct Log;

pub struct Line(String);

pub type Blob = Bytes;

#[goplug::method(Log)]
pub async fn lines(lines: Incoming<Line>) -> u64 {
    panic!("{:?}", lines)
}

#[goplug::method(Log)]
pub async fn blobs(blobs: Incoming<Blob>) -> u64 {
    panic!("{:?}", blobs)
}

mod mine {
    pub struct Incoming<T>(pub Vec<T>);
}

#[goplug::method(Log)]
pub async fn others(others: mine::Incoming<u8>) -> u64 {
    panic!("{:?}", others.0)
}

fn main() {}
