//! The stream that a method takes: a file, standard input, or an array.

use std::fs::File;
use std::io;
use std::pin::Pin;

use bytes::Bytes;
use goplug::protocol::Parameter;
use goplug::raw::RequestItems;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio_stream::wrappers::LinesStream;
use tokio_stream::{Stream, StreamExt};
use tokio_util::io::ReaderStream;

use super::bytes::is_bytes;
use crate::failure::{Failure, Outcome};

/// How much of a file is one item of a stream of bytes.
const CHUNK: usize = 64 << 10;

type Source = Pin<Box<dyn AsyncRead + Send>>;

/// The items that a word names: `@FILE` or `@-` with an item in each line, or a JSON array. A stream
/// of bytes takes the content as it is.
pub(super) fn read(parameter: &Parameter, word: &str) -> Outcome<RequestItems> {
    let name = &parameter.name;
    let Some(file) = word.strip_prefix('@') else {
        return match serde_json::from_str(word) {
            Ok(Value::Array(items)) => {
                let items = items.into_iter().map(|item| Bytes::from(item.to_string()));
                Ok(RequestItems::json(tokio_stream::iter(items)))
            }
            _ => Err(Failure::usage(format!("{name} is a stream; use @FILE, @- or a JSON array"))),
        };
    };
    let source: Source = if file == "-" {
        Box::pin(tokio::io::stdin())
    } else {
        let opened = File::open(file);
        let opened = opened.map_err(|error| Failure::usage(format!("{name}: {file}: {error}")))?;
        Box::pin(tokio::fs::File::from_std(opened))
    };
    Ok(match is_bytes(&parameter.ty.spelling) {
        true => RequestItems::bytes(chunks(source)),
        false => RequestItems::json(lines(source)),
    })
}

/// The lines of a source, without empty ones.
fn lines(source: Source) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let lines = LinesStream::new(BufReader::new(source).lines());
    let is_empty =
        |line: &io::Result<String>| line.as_ref().is_ok_and(|line| line.trim().is_empty());
    lines.filter(move |line| !is_empty(line)).map(|line| line.map(Bytes::from))
}

/// The content of a source, as it comes.
fn chunks(source: Source) -> impl Stream<Item = io::Result<Bytes>> + Send {
    ReaderStream::with_capacity(source, CHUNK)
}
