//! A stream is seen by its spelling.

use std::pin::Pin;
use std::task::{Context, Poll};

use goplug::Stream;

#[goplug::plugin]
struct Log;

struct Empty<T>(Option<T>);

impl<T> Stream for Empty<T> {
    type Item = T;
    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(None)
    }
}

type Lines = Pin<Box<dyn Stream<Item = String> + Send>>;

#[goplug::method(Log)]
fn alias() -> Lines {
    Box::pin(Empty(None))
}

#[goplug::method(Log)]
fn alias_in_a_result() -> Result<Lines, String> {
    Ok(Box::pin(Empty(None)))
}

#[goplug::method(Log)]
fn several() -> Vec<impl Stream<Item = String>> {
    vec![Empty(None)]
}

#[goplug::method(Log)]
fn taken(lines: Box<dyn Stream<Item = String>>) {
    drop(lines);
}

fn main() {}
