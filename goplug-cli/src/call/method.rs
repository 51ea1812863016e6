//! `goplug call TARGET METHOD NAME=VALUE...`.

use std::io;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use goplug::protocol::{Descriptor, MethodDescriptor};
use goplug::raw::MediaType;
use goplug::{CallRequest, Caller, Plugin};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio_stream::StreamExt;

use super::bytes::{returns_bytes, returns_nothing};
use super::listen::Heard;
use super::request::{Request, method};
use crate::arguments::Call;
use crate::failure::{Outcome, Status};
use crate::opened::Opened;
use crate::output::Output;

pub(crate) async fn call(options: &Call, output: &Output) -> Outcome<Status> {
    let opened = Opened::of(&options.subject, output).await?;
    let mut heard = Heard::default();
    let called = on(&opened, options, &mut heard, output).await;
    // A plugin that is stopped sends its last callbacks first.
    beside(opened.close(), &mut heard, output).await;
    while let Some(line) = heard.take() {
        output.note(&line.text(output));
    }
    called.map(|()| Status::Success)
}

async fn on(opened: &Opened, options: &Call, heard: &mut Heard, output: &Output) -> Outcome<()> {
    let descriptor = opened.descriptor().await?;
    let method = method(&descriptor, &options.method)?;
    let Request { body, media_type, parts, items } = read(&descriptor, method, options).await?;
    let plugin = opened.start().await?;
    let mut request = CallRequest::new(&method.name, body, media_type);
    (request.parts, request.items, request.timeout) = (parts, items, Some(options.timeout));
    if options.listen {
        let names = descriptor.callbacks.iter().map(|callback| callback.name.clone()).collect();
        *heard = Heard::of(&plugin, names).await?;
    }
    let calling = Calling { plugin: &plugin, method, limit: options.limit, output };
    beside(calling.answer(request), heard, output).await
}

/// Reads the arguments on a thread of its own: standard input and pipes may take any time, and Ctrl-C ends
/// that.
async fn read(
    descriptor: &Descriptor,
    method: &MethodDescriptor,
    options: &Call,
) -> Outcome<Request> {
    let (descriptor, method, options) = (descriptor.clone(), method.clone(), options.clone());
    let reading = spawn_blocking(move || Request::read(&descriptor, &method, &options));
    reading.await.map_err(io::Error::from)?
}

/// Shows callbacks while something is done.
async fn beside<T>(done: impl Future<Output = T>, heard: &mut Heard, output: &Output) -> T {
    let mut done = std::pin::pin!(done);
    loop {
        tokio::select! {
            result = &mut done => return result,
            Some(line) = heard.next() => output.note(&line.text(output)),
        }
    }
}

/// A call of a method whose result is printed.
struct Calling<'a> {
    plugin: &'a Plugin,
    method: &'a MethodDescriptor,
    /// How many items of a stream are printed.
    limit: Option<usize>,
    output: &'a Output,
}

impl Calling<'_> {
    async fn answer(&self, request: CallRequest<'_>) -> Outcome<()> {
        if self.method.stream {
            return self.items(request).await;
        }
        let result = if self.method.progress.is_some() {
            let shown = Shown::default();
            let mut report = |report| shown.report(&report, self.output);
            self.plugin.call_with_progress(request, &mut report).await?
        } else {
            self.plugin.call(request).await?
        };
        match returns_bytes(self.method) {
            true => self.output.bytes(&result),
            false => self.print(&result),
        }
    }

    /// Prints a streamed result item by item.
    async fn items(&self, request: CallRequest<'_>) -> Outcome<()> {
        let mut items = self.plugin.call_stream(request).await?;
        let is_raw = items.items() == MediaType::Raw;
        let mut left = self.limit.unwrap_or(usize::MAX);
        while left > 0
            && let Some(item) = items.next().await
        {
            match is_raw {
                true => self.output.bytes(&item?)?,
                false => self.print(&item?)?,
            }
            left -= 1;
        }
        Ok(())
    }

    /// Prints JSON as a line. A method without a result prints nothing, except for programs.
    fn print(&self, result: &Bytes) -> Outcome<()> {
        match serde_json::from_slice::<Value>(result) {
            Ok(Value::Null) if !self.output.is_json() && returns_nothing(self.method) => Ok(()),
            _ if result.is_empty() => Ok(()),
            _ => self.output.line(&String::from_utf8_lossy(result)),
        }
    }
}

/// Reports of a call, on a terminal as a line that changes.
#[derive(Default)]
struct Shown(Mutex<Option<ProgressBar>>);

impl Shown {
    fn report(&self, report: &Bytes, output: &Output) {
        let text = String::from_utf8_lossy(report).into_owned();
        if output.is_json() {
            output.note(&text);
            return;
        }
        let mut bar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
            ProgressBar::new_spinner()
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        });
        bar.set_message(text.clone());
        if bar.is_hidden() {
            output.note(&text);
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let bar = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}
