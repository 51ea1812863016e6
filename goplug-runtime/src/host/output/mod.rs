//! What a plugin's process prints, on its way to the host's log: every line is an event of `tracing`,
//! and the last lines of standard error are kept for the report of a crash. Beside it, the warnings of the
//! host that a plugin causes.
//!
//! `lines` reads a pipe, `record` recognizes a line that is a record of a log, `budget` bounds a flood in the
//! log and `read_rate` its reading, `log` makes the event. `warnings` bounds those of the host. Control
//! characters are written out: what a plugin prints must not reach the host's terminal as it is. The room
//! imports `task`, `limits`, `panic` and `protocol`. Start reading at [`Output`].
//!
//! The pipes are read from the start, so that a plugin with much output does not wait for its
//! host, unless it prints more than `read_rate` lets through. The output cannot be mistaken for the
//! protocol, which has a socket of its own.

mod budget;
mod lines;
mod log;
mod object;
mod read_rate;
mod record;
mod stderr_tail;
mod warnings;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tracing::Level;

use self::lines::Lines;
use self::log::Log;
use self::read_rate::ReadRate;
use self::record::Record;
use self::stderr_tail::{StderrTail, is_panic_of_rust};
use crate::limits;
use crate::protocol::{PluginId, visible};

pub(in crate::host) use self::warnings::Warnings;

/// How long to wait for the end of standard error after the process has ended. A process that the
/// plugin started may hold the pipe open for ever.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);

type Tail = Arc<Mutex<StderrTail>>;

/// The tasks that read a plugin's output. Dropping this aborts them.
pub(in crate::host) struct Output {
    stdout: JoinHandle<()>,
    stderr: JoinHandle<()>,
    tail: Tail,
    has_ended: Arc<AtomicBool>,
}

impl Output {
    /// Begins to read both pipes.
    pub(in crate::host) fn read(
        id: &PluginId,
        stdout: impl AsyncRead + Unpin + Send + 'static,
        stderr: impl AsyncRead + Unpin + Send + 'static,
    ) -> Self {
        let tail = Tail::default();
        let log = Arc::new(Log::new(id.clone()));
        let has_ended = Arc::new(AtomicBool::new(false));
        let reader = |stream, tail| {
            let (log, has_ended) = (Arc::clone(&log), Arc::clone(&has_ended));
            Reader { log, stream, tail, panic: None, has_ended }
        };
        let (out, err) = (reader("stdout", None), reader("stderr", Some(Arc::clone(&tail))));
        Self {
            stdout: tokio::spawn(out.read(stdout)),
            stderr: tokio::spawn(err.read(stderr)),
            tail,
            has_ended,
        }
    }

    /// The last lines of standard error, once the process has ended. Cancel safe.
    ///
    /// The rest of standard output is read as well: the reader is aborted with the process.
    pub(in crate::host) async fn tail(&mut self) -> Vec<String> {
        self.has_ended.store(true, Ordering::Relaxed);
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

/// What becomes of the lines of one pipe.
struct Reader {
    log: Arc<Log>,
    stream: &'static str,
    tail: Option<Tail>,
    /// The first line of a panic's report, whose next line is the panic's message.
    panic: Option<String>,
    has_ended: Arc<AtomicBool>,
}

impl Reader {
    /// Reads until the end.
    async fn read(mut self, pipe: impl AsyncRead + Unpin) {
        let mut lines = Lines::new(pipe);
        let mut rate = ReadRate::new(Instant::now());
        loop {
            let line = match self.log.report_at() {
                None => lines.next().await,
                Some(at) => match timeout_at(at, lines.next()).await {
                    Ok(line) => line,
                    Err(_) => {
                        self.log.report_left_out(Instant::now());
                        continue;
                    }
                },
            };
            match line {
                Some(line) => {
                    let length = line.len();
                    self.line(line);
                    rate.keep(length, &self.has_ended).await;
                }
                None => break,
            }
        }
        if let Some(head) = self.panic.take() {
            self.log.text(Level::ERROR, self.stream, &head);
        }
    }

    fn line(&mut self, line: &[u8]) {
        if let Some(record) = Record::read(line) {
            self.log.record(self.stream, &record);
            if let Some(tail) = &self.tail {
                let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
                tail.push_record(&record.text(), record.is_panic());
            }
            return;
        }
        // An empty line is one part as well.
        let parts = line.chunks(limits::MAX_OUTPUT_LINE).chain(line.is_empty().then_some(line));
        for part in parts {
            self.text(visible(&String::from_utf8_lossy(part)).into_owned());
        }
    }

    fn text(&mut self, text: String) {
        match self.panic.take() {
            Some(head) => self.log.text(Level::ERROR, self.stream, &format!("{head} {text}")),
            None if is_panic_of_rust(&text) => self.panic = Some(text.clone()),
            None => self.log.text(Level::INFO, self.stream, &text),
        }
        if let Some(tail) = &self.tail {
            tail.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::test_log::on_event;

    #[tokio::test(flavor = "current_thread")]
    async fn only_the_last_lines_of_standard_error_are_kept() {
        let text = (0..100).map(|n| format!("{n}\n")).collect::<String>();
        let id = PluginId::new("p", "").unwrap();
        let mut output = Output::read(&id, tokio::io::empty(), std::io::Cursor::new(text));
        let tail = output.tail().await;
        assert_eq!(tail.len(), limits::STDERR_LINES);
        assert_eq!(tail.last().map(String::as_str), Some("99"));
    }

    async fn tail_of(text: &'static [u8]) -> Vec<String> {
        let id = PluginId::new("p", "").unwrap();
        Output::read(&id, tokio::io::empty(), text).tail().await
    }

    #[tokio::test(flavor = "current_thread")]
    async fn control_characters_are_written_out() {
        let tail = tail_of(b"\x1b[31mred\x07\r\n50%\r60%\xc2\x9b\n").await;
        assert_eq!(tail, ["\\u{1b}[31mred\\u{7}", "50%\\u{d}60%\\u{9b}"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_record_is_kept_as_its_text() {
        let tail = tail_of(br#"{"level":"warn","target":"a","message":"no\nspace","n":1}"#).await;
        assert_eq!(tail, ["WARN a: no", "  space {\"n\":1}"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_output_is_read_though_the_log_panics() {
        let _log = tracing::subscriber::set_default(on_event(|_| panic!("the terminal is gone")));
        let id = PluginId::new("p", "").unwrap();
        let stderr = std::io::Cursor::new("one\ntwo\n");
        let mut output = Output::read(&id, std::io::Cursor::new("three\n"), stderr);
        assert_eq!(output.tail().await, ["one", "two"]);
        (&mut output.stdout).await.unwrap();
    }
}
