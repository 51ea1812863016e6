//! A panic as one event, with its message, its place and, if `RUST_BACKTRACE` asks for it, its
//! backtrace.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{set_hook, take_hook};
use std::thread;

use super::layer::is_writing;
use crate::panic::{NO_MESSAGE, note_location, text_of};

/// Makes each panic an event if this program's events are written, and notes its place for the answer
/// to the call. Else the hook that was there before reports it.
///
/// A program whose own set-up has a hook replaces this one by it.
pub(crate) fn install() {
    let before = take_hook();
    set_hook(Box::new(move |info| {
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        let message = text_of(info.payload()).unwrap_or(NO_MESSAGE);
        note_location(message, &location);
        if is_writing() && tracing::enabled!(target: "panic", tracing::Level::ERROR) {
            report(message, &location);
        } else {
            before(info);
        }
    }));
}

fn report(message: &str, location: &str) {
    let current = thread::current();
    let thread = current.name();
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(target: "panic", thread, backtrace, "panicked at {location}: {message}");
}
