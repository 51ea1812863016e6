//! The thread that notices changes of the folder and of programs, and hints that a scan is due.
//!
//! File events only hint: they get lost, come late or come twice, and a file system on another
//! machine sends none. So the thread also looks at the folder itself regularly, which shows files that
//! are added, removed or replaced, and at the programs of the plugins that run. Nothing else in an
//! idle host wakes up, and the looks cost the same for one file as for a thousand. Every
//! [`limits::RECONCILE_FILES_INTERVAL`], a scan of all files is due: it finds a file that was changed
//! in place and whose event got lost.
//!
//! A thread, since a look at a folder on a dead mount never ends. Each look at a program has a deadline,
//! so one that is on a dead mount holds up no other.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use super::programs::Programs;
use crate::limits;
use crate::panic::contained;
use crate::protocol::visible::OneLine;
use crate::transport::{EndWatch, FileStamp, FolderEvents, Woken, start_thread};

/// Hints from the thread to the task that scans, and back.
#[derive(Default)]
pub(super) struct Hints {
    scan_due: Notify,
    look_again: AtomicBool,
}

impl Hints {
    /// Waits until the folder should be scanned. Cancel safe.
    pub(super) async fn scan_due(&self) {
        self.scan_due.notified().await;
    }

    /// Asks for another scan with the next look, since this one could not read everything.
    pub(super) fn look_again_soon(&self) {
        self.look_again.store(true, Ordering::Relaxed);
    }
}

/// Watches a folder, which need not exist, until it is dropped.
pub(super) struct FolderWatch {
    _end: EndWatch,
}

impl FolderWatch {
    /// Starts the thread. The receiver gets a value once every further change will be noticed.
    ///
    /// # Errors
    /// The system has no thread or no descriptors.
    pub(super) fn start(
        folder: &Path,
        programs: Arc<Programs>,
        hints: Arc<Hints>,
    ) -> io::Result<(Self, oneshot::Receiver<()>)> {
        let (events, end) = FolderEvents::new(folder)?;
        let (ready, is_ready) = oneshot::channel();
        let watcher = Watcher {
            folder: folder.into(),
            events,
            programs,
            hints,
            seen: Glance::Unknown,
            has_warned: false,
        };
        start_thread("goplug-watch", move || watcher.run(ready))?;
        Ok((Self { _end: end }, is_ready))
    }
}

/// The state of the thread.
struct Watcher {
    folder: PathBuf,
    events: FolderEvents,
    programs: Arc<Programs>,
    hints: Arc<Hints>,
    /// What the last look has found.
    seen: Glance,
    /// Whether it was said that there are no file events.
    has_warned: bool,
}

/// What a look at the folder has found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Glance {
    Unknown,
    Absent,
    Unreadable(io::ErrorKind),
    At(FileStamp),
}

impl Watcher {
    fn run(mut self, ready: oneshot::Sender<()>) {
        self.update_events();
        self.seen = look(&self.folder);
        if ready.send(()).is_err() {
            // The starter has given up, and its scan may have come too early.
            self.hints.scan_due.notify_one();
        }
        let mut last_scan = Instant::now();
        loop {
            let woken = self.events.wait(limits::RECONCILE_INTERVAL);
            if woken == Woken::Ended || self.debounce(woken) == Woken::Ended {
                return;
            }
            self.update_events();
            let before = std::mem::replace(&mut self.seen, look(&self.folder));
            if woken == Woken::Changed
                || before != self.seen
                // A further change at the same moment may have left the same stamp.
                || matches!(self.seen, Glance::At(stamp) if !stamp.is_settled())
                || self.hints.look_again.swap(false, Ordering::Relaxed)
                || last_scan.elapsed() >= limits::RECONCILE_FILES_INTERVAL
            {
                last_scan = Instant::now();
                self.hints.scan_due.notify_one();
            }
            self.programs.look();
        }
    }

    /// After an event, waits for further events of the same change.
    fn debounce(&mut self, woken: Woken) -> Woken {
        let until = Instant::now() + limits::FILE_EVENT_DEBOUNCE;
        let mut last = woken;
        while woken == Woken::Changed && last == Woken::Changed {
            let left = until.saturating_duration_since(Instant::now());
            last = self.events.wait(left);
            if left == Duration::ZERO {
                break;
            }
        }
        last
    }

    /// Watches what is at the folder's path now. Without file events the regular looks remain.
    fn update_events(&mut self) {
        match self.events.update() {
            Ok(()) => self.has_warned = false,
            Err(error) if !self.has_warned => {
                self.has_warned = true;
                contained(|| {
                    tracing::warn!(
                        target: "goplug::discovery",
                        folder = %OneLine(self.folder.display()),
                        "file events are not to be had, so changes are noticed later: {error}"
                    )
                });
            }
            Err(_) => {}
        }
    }
}

fn look(folder: &Path) -> Glance {
    match FileStamp::at(folder) {
        Ok(Some(stamp)) => Glance::At(stamp),
        Ok(None) => Glance::Absent,
        Err(error) => Glance::Unreadable(error.kind()),
    }
}
