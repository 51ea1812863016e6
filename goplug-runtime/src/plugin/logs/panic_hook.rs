//! A panic as one event, with its message, its place and, if `RUST_BACKTRACE` asks for it, its
//! backtrace.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::thread;

use super::layer::is_writing;
use crate::panic::add_hook;

/// Makes each panic an event if this program's events are written, and notes its place for the answer
/// to the call. Else the hook that was there before reports it.
///
/// A program whose own set-up has a hook replaces this one by it.
pub(crate) fn install() {
    add_hook(|message, location| {
        let is_written = is_writing() && tracing::enabled!(target: "panic", tracing::Level::ERROR);
        if is_written {
            report(message, location);
        }
        is_written
    });
}

fn report(message: &str, location: &str) {
    let current = thread::current();
    let thread = current.name();
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(target: "panic", thread, backtrace, "panicked at {location}: {message}");
}
