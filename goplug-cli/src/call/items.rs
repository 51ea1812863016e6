//! The stream that a method takes: a file, standard input, or an array.

use std::fs::File;
use std::pin::Pin;

use bytes::Bytes;
use goplug::limits::MAX_EVENT;
use goplug::protocol::Parameter;
use goplug::raw::RequestItems;
use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::oneshot::{Receiver, Sender, channel};
use tokio_stream::wrappers::LinesStream;
use tokio_stream::{Stream, StreamExt};
use tokio_util::io::ReaderStream;

use super::bytes::is_bytes;
use crate::failure::{Failure, Outcome};

/// How much of a file is one item of a stream of bytes.
const CHUNK: usize = 64 << 10;

type Source = Pin<Box<dyn AsyncRead + Send>>;

/// The items of a call.
#[derive(Debug)]
pub(super) struct Items {
    pub(super) sent: RequestItems,
    /// What is wrong with the source. The stream ends with it.
    fault: Receiver<Failure>,
}

impl Items {
    /// The items that a word names: `@FILE` or `@-` with an item in each line, or a JSON array. A
    /// stream of bytes takes the content as it is.
    pub(super) fn read(parameter: &Parameter, word: &str) -> Outcome<Self> {
        let name = &parameter.name;
        let (sender, fault) = channel();
        let Some(file) = word.strip_prefix('@') else {
            let Ok(Value::Array(items)) = serde_json::from_str(word) else {
                let text = format!("{name} is a stream; use @FILE, @- or a JSON array");
                return Err(Failure::usage(text));
            };
            let items = items.into_iter().map(|item| Bytes::from(item.to_string()));
            return Ok(Self { sent: RequestItems::json(tokio_stream::iter(items)), fault });
        };
        let source: Source = if file == "-" {
            Box::pin(tokio::io::stdin())
        } else {
            let opened = File::open(file);
            let opened =
                opened.map_err(|error| Failure::usage(format!("{name}: {file}: {error}")))?;
            Box::pin(tokio::fs::File::from_std(opened))
        };
        let name = format!("{name}: {file}");
        let sent = match is_bytes(&parameter.ty.spelling) {
            true => RequestItems::bytes(telling(chunks(source), name, sender)),
            false => RequestItems::json(telling(lines(source), name, sender)),
        };
        Ok(Self { sent, fault })
    }

    /// # Errors
    /// What is wrong with the source, as far as it has been read.
    pub(super) fn fault(&mut self) -> Outcome<()> {
        self.fault.try_recv().map_or(Ok(()), Err)
    }
}

/// The lines of a source, without empty ones.
fn lines(source: Source) -> impl Stream<Item = Result<Bytes, String>> + Send {
    let mut number = 0;
    let lines = LinesStream::new(BufReader::new(source).lines()).map(move |line| {
        number += 1;
        let line = line.map_err(|error| format!("line {number}: {error}"))?;
        if line.len() > MAX_EVENT {
            return Err(format!("line {number} is longer than {MAX_EVENT} bytes"));
        }
        match line.trim().is_empty() || serde_json::from_str::<IgnoredAny>(&line).is_ok() {
            true => Ok(line),
            false => Err(format!("line {number} is no JSON")),
        }
    });
    lines
        .filter(|line| line.as_ref().map_or(true, |line| !line.trim().is_empty()))
        .map(|line| line.map(Bytes::from))
}

/// The content of a source, as it comes.
fn chunks(source: Source) -> impl Stream<Item = Result<Bytes, String>> + Send {
    let chunks = ReaderStream::with_capacity(source, CHUNK);
    chunks.map(|chunk| chunk.map_err(|error| error.to_string()))
}

/// The items up to the first fault, of which it tells. The method gets the reason as well.
fn telling(
    items: impl Stream<Item = Result<Bytes, String>> + Send,
    name: String,
    teller: Sender<Failure>,
) -> impl Stream<Item = Result<Bytes, String>> + Send {
    let mut teller = Some(teller);
    items.map(move |item| {
        item.inspect_err(|fault| {
            if let Some(teller) = teller.take() {
                // The call may have ended before.
                let _ = teller.send(Failure::usage(format!("{name}: {fault}")));
            }
        })
    })
}
