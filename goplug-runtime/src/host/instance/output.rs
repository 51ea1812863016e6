//! The output of a plugin: every line goes to `tracing`, and the last lines of standard error
//! are kept for the report of a crash. Control characters are written out: what a plugin prints must
//! not reach the host's terminal as it is.
//!
//! The pipes are read from the start, so that a plugin with much output never waits for its
//! host. The output cannot be mistaken for the protocol, which has a socket of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::task::JoinHandle;

use super::stderr_tail::StderrTail;
use crate::limits;
use crate::panic::contained;
use crate::protocol::{PluginId, visible};

/// How long to wait for the end of standard error after the process has ended. A process that the
/// plugin started may hold the pipe open for ever.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);

type Tail = Arc<Mutex<StderrTail>>;

/// The tasks that read a plugin's output. Dropping this aborts them.
pub(super) struct Output {
    stdout: JoinHandle<()>,
    stderr: JoinHandle<()>,
    tail: Tail,
}

impl Output {
    /// Begins to read both pipes.
    pub(super) fn read(
        id: &PluginId,
        stdout: impl AsyncRead + Unpin + Send + 'static,
        stderr: impl AsyncRead + Unpin + Send + 'static,
    ) -> Self {
        let tail = Tail::default();
        let (out_id, err_id, err_tail) = (id.clone(), id.clone(), Arc::clone(&tail));
        Self {
            stdout: tokio::spawn(read_lines(stdout, move |line| log(&out_id, "stdout", &line))),
            stderr: tokio::spawn(read_lines(stderr, move |line| {
                log(&err_id, "stderr", &line);
                err_tail.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            })),
            tail,
        }
    }

    /// The last lines of standard error, once the process has ended. Cancel safe.
    ///
    /// The rest of standard output is read as well: the reader is aborted with the process.
    pub(super) async fn tail(&mut self) -> Vec<String> {
        let readers = [&mut self.stderr, &mut self.stdout];
        let drained = async {
            for reader in readers.into_iter().filter(|reader| !reader.is_finished()) {
                // It fails only if the reader panicked, and then there are no further lines.
                drop(reader.await);
            }
        };
        // After the timeout, the lines read so far are returned.
        drop(tokio::time::timeout(DRAIN_TIMEOUT, drained).await);
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).lines()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.stdout.abort();
        self.stderr.abort();
    }
}

/// Passes a line on to the host's log. If the subscriber panics, the line is lost and no more: if the
/// pipe were not read any more, the plugin would wait for ever.
fn log(plugin: &PluginId, stream: &str, line: &str) {
    contained(|| tracing::info!(target: "goplug::plugin", %plugin, stream, "{line}"));
}

/// Reads lines until the end. A line that is longer than the limit is divided.
async fn read_lines(pipe: impl AsyncRead + Unpin, mut on_line: impl FnMut(String)) {
    let mut pipe = BufReader::with_capacity(limits::MAX_OUTPUT_LINE, pipe);
    let mut line = Vec::new();
    while let Ok(bytes) = pipe.fill_buf().await {
        if bytes.is_empty() {
            break;
        }
        let room = limits::MAX_OUTPUT_LINE - line.len();
        let bytes = &bytes[..bytes.len().min(room)];
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let count = end.unwrap_or(bytes.len());
        line.extend_from_slice(&bytes[..count]);
        pipe.consume(count + usize::from(end.is_some()));
        if end.is_some() || line.len() == limits::MAX_OUTPUT_LINE {
            on_line(take_text(&mut line));
        }
    }
    if !line.is_empty() {
        on_line(take_text(&mut line));
    }
}

/// The text of a line, which is cleared.
fn take_text(line: &mut Vec<u8>) -> String {
    let text = visible(String::from_utf8_lossy(line).trim_end_matches('\r')).into_owned();
    line.clear();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(input: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        read_lines(input, |line| lines.push(line)).await;
        lines
    }

    #[tokio::test(flavor = "current_thread")]
    async fn lines_end_at_line_feeds_and_at_the_end() {
        assert_eq!(lines_of(b"a\r\n\nb\xff").await, ["a", "", "b\u{fffd}"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn control_characters_are_written_out() {
        let lines = lines_of(b"\x1b[31mred\x07\r\n50%\r60%\xc2\x9b\n").await;
        assert_eq!(lines, ["\\u{1b}[31mred\\u{7}", "50%\\u{d}60%\\u{9b}"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_long_line_is_divided() {
        let lines = lines_of(&vec![b'x'; 2 * limits::MAX_OUTPUT_LINE + 1]).await;
        assert_eq!(lines.iter().map(String::len).max(), Some(limits::MAX_OUTPUT_LINE));
        assert_eq!(lines.len(), 3);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn only_the_last_lines_of_standard_error_are_kept() {
        let text = (0..100).map(|n| format!("{n}\n")).collect::<String>();
        let id = PluginId::new("p", "").unwrap();
        let mut output = Output::read(&id, tokio::io::empty(), std::io::Cursor::new(text));
        let tail = output.tail().await;
        assert_eq!(tail.len(), limits::STDERR_LINES);
        assert_eq!(tail.last().map(String::as_str), Some("99"));
    }

    /// A log whose every event panics.
    struct Panicking;

    impl tracing::Subscriber for Panicking {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, _: &tracing::Event<'_>) {
            panic!("the terminal is gone");
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_output_is_read_though_the_log_panics() {
        let _log = tracing::subscriber::set_default(Panicking);
        let id = PluginId::new("p", "").unwrap();
        let stderr = std::io::Cursor::new("one\ntwo\n");
        let mut output = Output::read(&id, std::io::Cursor::new("three\n"), stderr);
        assert_eq!(output.tail().await, ["one", "two"]);
        (&mut output.stdout).await.unwrap();
    }
}
