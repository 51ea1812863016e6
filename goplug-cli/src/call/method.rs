//! `goplug call TARGET METHOD NAME=VALUE...`.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use goplug::protocol::{Descriptor, MethodDescriptor};
use goplug::raw::MediaType;
use goplug::{CallRequest, Caller, Error, Plugin};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::spawn_blocking;
use tokio_stream::StreamExt;

use super::items::Items;
use super::listen::Heard;
use super::request::{Request, method};
use super::result::Printer;
use crate::arguments::Call;
use crate::failure::{Failure, Outcome, Status};
use crate::opened::Opened;
use crate::output::Output;

/// What is around the arguments of a call at the most, with the heads of its parts.
const AROUND: usize = 64 << 10;

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
    let printer = Printer::new(method, options.output.as_deref(), output)?;
    let arguments = read(&descriptor, method, options).await?;
    let plugin = opened.start().await?;
    if options.listen {
        let names = descriptor.callbacks.iter().map(|callback| callback.name.clone()).collect();
        *heard = Heard::of(&plugin, names).await?;
    }
    let calling = Calling {
        plugin: &plugin,
        method,
        timeout: options.timeout,
        limit: options.limit,
        length: arguments.length(),
        items: None,
        printer,
        output,
    };
    beside(calling.answer(arguments), heard, output).await
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
    timeout: Duration,
    /// How many items of a stream are printed.
    limit: Option<usize>,
    /// How many bytes the arguments have.
    length: usize,
    /// The stream that the method takes.
    items: Option<Items>,
    printer: Printer<'a>,
    output: &'a Output,
}

impl Calling<'_> {
    async fn answer(mut self, arguments: Request) -> Outcome<()> {
        let Request { body, media_type, parts, items } = arguments;
        let mut request = CallRequest::new(&self.method.name, body, media_type);
        request.accepts_parts = self.printer.accepts_parts();
        request.items = items.as_ref().map(|items| items.sent.clone());
        (request.parts, request.timeout) = (parts, Some(self.timeout));
        self.items = items;
        match self.method.stream {
            true => self.stream(request).await,
            false => self.result(request).await,
        }
    }

    async fn result(&mut self, request: CallRequest<'_>) -> Outcome<()> {
        let called = if self.method.progress.is_some() {
            let shown = Shown::default();
            let mut report = |report| shown.report(&report, self.output);
            self.plugin.call_with_progress(request, &mut report).await
        } else {
            self.plugin.call(request).await
        };
        let result = self.done(called)?;
        self.printer.begin()?;
        self.printer.print(&result)
    }

    /// Prints a streamed result item by item.
    async fn stream(&mut self, request: CallRequest<'_>) -> Outcome<()> {
        let called = self.plugin.call_stream(request).await;
        let mut items = self.done(called)?;
        self.printer.begin()?;
        let is_raw = items.items() == MediaType::Raw;
        let mut left = self.limit.unwrap_or(usize::MAX);
        while left > 0
            && let Some(item) = items.next().await
        {
            let item = self.done(item)?;
            match is_raw {
                true => self.printer.bytes(&item)?,
                false => self.printer.print(&item)?,
            }
            left -= 1;
        }
        self.done(Ok(()))
    }

    /// What the plugin has answered, unless it has got only a part of the stream that the user has named.
    fn done<T>(&mut self, answered: Result<T, Error>) -> Outcome<T> {
        self.items.as_mut().map_or(Ok(()), Items::fault)?;
        answered.map_err(|error| self.failed(error))
    }

    /// The failure of the call. What is too large is so on the side that has sent it.
    fn failed(&self, error: Error) -> Failure {
        let name = &self.method.name;
        match error {
            Error::TooLarge { limit } if self.length + AROUND > limit => {
                Failure::usage(format!("the arguments of {name} are larger than {limit} bytes"))
            }
            Error::TooLarge { limit } => {
                let text = format!(
                    "the result of {name} is larger than {limit} bytes, or the plugin takes no \
                     arguments of this size"
                );
                Failure::new(Status::Contract, text)
            }
            error => error.into(),
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
