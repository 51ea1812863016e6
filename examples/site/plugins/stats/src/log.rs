//! What the plugin has done: a line for each page, for those who follow it.

use std::sync::{Mutex, PoisonError};

use goplug::Stream;
use tokio::sync::broadcast;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

/// How many lines a slow reader may be behind before it misses some.
const BACKLOG: usize = 256;

/// The lines so far, and those who wait for more.
#[derive(Debug)]
pub(crate) struct Log {
    lines: Mutex<Vec<String>>,
    readers: broadcast::Sender<String>,
}

impl Default for Log {
    fn default() -> Self {
        Self { lines: Mutex::default(), readers: broadcast::Sender::new(BACKLOG) }
    }
}

impl Log {
    pub(crate) fn push(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.clone());
        // Under the lock, so that a reader that comes now gets each line once. Nobody may be reading.
        drop(self.readers.send(line));
    }

    /// The lines so far, and with `follow` those that come, for ever.
    pub(crate) fn lines(&self, follow: bool) -> impl Stream<Item = String> + use<> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let readers = if follow { self.readers.clone() } else { broadcast::Sender::new(1) };
        // Without a sender, the stream ends. What a slow reader has missed is left out.
        let next = BroadcastStream::new(readers.subscribe()).filter_map(Result::ok);
        tokio_stream::iter(lines.clone()).chain(next)
    }
}
