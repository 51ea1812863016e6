//! Streams that cannot be sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use goplug::{Bytes, Stream};

#[goplug::plugin]
struct Log;

struct Opaque;

struct Empty<T>(Option<T>);

impl<T> Stream for Empty<T> {
    type Item = T;
    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(None)
    }
}

#[goplug::method(Log)]
fn items_that_are_not_json() -> impl Stream<Item = Opaque> {
    Empty(None)
}

#[goplug::method(Log)]
fn bytes_with_an_error_that_is_not_json() -> impl Stream<Item = Result<Bytes, Opaque>> {
    Empty(None)
}

#[goplug::method(Log)]
fn two_errors() -> Result<impl Stream<Item = Result<u8, String>>, u8> {
    Ok(Empty(None))
}

#[goplug::method(Log)]
fn an_error_that_is_not_json() -> Result<impl Stream<Item = u8>, Opaque> {
    Ok(Empty(None))
}

#[goplug::method(Log, blocking)]
fn blocks() -> impl Stream<Item = u8> {
    Empty(None)
}

fn main() {}
