//! File events of one folder, which only hint that something in it may have changed.
//!
//! Events get lost, come late or come twice, and a file system on another machine sends none. If the
//! folder does not exist, its nearest existing ancestor is watched instead.

use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use crate::transport::Woken;
use crate::transport::unix::host::folder_wait::EndWatch;

/// What may change the result of reading the folder. Opening and reading a file does not: who looks
/// because of an event would wake himself.
const CHANGES: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

/// Room for the events of one read.
const EVENT_BYTES: usize = 4096;

/// The events of one folder, for a thread that waits for them.
#[derive(Debug)]
pub struct FolderEvents {
    folder: PathBuf,
    /// `None` while the system gives none.
    inotify: Option<OwnedFd>,
    watched: Option<Watched>,
    end: PipeReader,
}

/// The folder, or the ancestor that is watched in its place.
#[derive(Debug)]
struct Watched {
    number: i32,
    /// In an ancestor: the name of the next folder on the way, the only one that matters.
    only: Option<OsString>,
}

impl FolderEvents {
    /// The events of a folder, which need not exist. There are none until
    /// [`FolderEvents::update`] is called.
    ///
    /// # Errors
    /// The system's error.
    pub fn new(folder: &Path) -> io::Result<(Self, EndWatch)> {
        let (end, ender) = io::pipe()?;
        let events = Self { folder: folder.into(), inotify: None, watched: None, end };
        Ok((events, EndWatch(ender)))
    }

    /// Watches the folder, or its nearest existing ancestor. To be called before each look at the
    /// folder, since either may have been replaced. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error, if nothing can be watched now.
    pub fn update(&mut self) -> io::Result<()> {
        if self.inotify.is_none() {
            self.inotify = Some(inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?);
        }
        let Some(inotify) = &self.inotify else { return Ok(()) };
        let mut watched = watch_nearest(inotify, &self.folder)?;
        // A folder that was created before its ancestor was watched has sent no event.
        while watched.only.is_some() {
            let again = watch_nearest(inotify, &self.folder)?;
            if again.number == watched.number {
                break;
            }
            forget(inotify, watched.number);
            watched = again;
        }
        if let Some(old) = self.watched.replace(watched) {
            let now = self.watched.as_ref().map(|watched| watched.number);
            if now != Some(old.number) {
                forget(inotify, old.number);
            }
        }
        Ok(())
    }

    /// Waits for an event, for at most this long.
    pub fn wait(&mut self, timeout: Duration) -> Woken {
        let until = Instant::now() + timeout;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.poll(left) {
                Ready::Ended => return Woken::Ended,
                Ready::Nothing if left.is_zero() => return Woken::TimedOut,
                Ready::Events if self.take_events() => return Woken::Changed,
                Ready::Nothing | Ready::Events => {}
            }
        }
    }

    fn poll(&self, timeout: Duration) -> Ready {
        let mut polled = vec![PollFd::new(&self.end, PollFlags::IN)];
        polled.extend(self.inotify.as_ref().map(|inotify| PollFd::new(inotify, PollFlags::IN)));
        let timeout = Timespec::try_from(timeout).ok();
        // An interrupted wait is begun again by the caller, and so is one that fails.
        if poll(&mut polled, timeout.as_ref()).is_err() {
            return Ready::Nothing;
        }
        match &polled[..] {
            [end, ..] if !end.revents().is_empty() => Ready::Ended,
            [_, inotify] if !inotify.revents().is_empty() => Ready::Events,
            _ => Ready::Nothing,
        }
    }

    /// Reads the events that have come. Returns whether one of them matters.
    fn take_events(&self) -> bool {
        let (Some(inotify), Some(watched)) = (&self.inotify, &self.watched) else { return false };
        let mut buffer = [MaybeUninit::uninit(); EVENT_BYTES];
        let mut reader = Reader::new(inotify, &mut buffer);
        let mut matters = false;
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| name.to_bytes());
                    let is_ours = event.wd() == watched.number
                        && watched
                            .only
                            .as_ref()
                            .zip(name)
                            .is_none_or(|(only, name)| only.as_bytes() == name);
                    matters |= is_ours || event.events().contains(ReadFlags::QUEUE_OVERFLOW);
                }
                Err(Errno::INTR) => {}
                Err(_) => return matters,
            }
        }
    }
}

/// What a poll has found.
enum Ready {
    Ended,
    Events,
    Nothing,
}

/// Watches a folder, or the nearest ancestor that exists.
fn watch_nearest(inotify: &OwnedFd, folder: &Path) -> io::Result<Watched> {
    let mut only = None;
    for path in folder.ancestors() {
        match inotify::add_watch(inotify, path, CHANGES) {
            Ok(number) => return Ok(Watched { number, only }),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP) => {
                only = path.file_name().map(Into::into);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Errno::NOENT.into())
}

fn forget(inotify: &OwnedFd, number: i32) {
    // It fails if the folder is gone, and its watch with it.
    let _ = inotify::remove_watch(inotify, number);
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn watch(folder: &Path) -> (FolderEvents, EndWatch) {
        let (mut events, end) = FolderEvents::new(folder).unwrap();
        events.update().unwrap();
        (events, end)
    }

    #[test]
    fn a_file_that_is_made_changed_or_removed_wakes() {
        let temp = tempfile::tempdir().unwrap();
        let (mut events, _end) = watch(temp.path());
        let file = temp.path().join("file");
        assert_eq!(events.wait(Duration::ZERO), Woken::TimedOut);
        fs::write(&file, "1").unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
        fs::write(&file, "2").unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
        fs::rename(&file, temp.path().join("other")).unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
        fs::remove_file(temp.path().join("other")).unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
    }

    #[test]
    fn reading_wakes_nobody() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("file"), "1").unwrap();
        let (mut events, _end) = watch(temp.path());
        fs::read(temp.path().join("file")).unwrap();
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
        assert_eq!(events.wait(Duration::ZERO), Woken::TimedOut);
    }

    #[test]
    fn a_folder_that_does_not_exist_is_waited_for() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("a/b");
        let (mut events, _end) = watch(&folder);
        fs::write(temp.path().join("unrelated"), "").unwrap();
        assert_eq!(events.wait(Duration::ZERO), Woken::TimedOut);
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
        events.update().unwrap();
        fs::write(folder.join("file"), "").unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
    }

    #[test]
    fn a_folder_that_comes_back_is_watched_again() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("plugins");
        fs::create_dir(&folder).unwrap();
        let (mut events, _end) = watch(&folder);
        fs::remove_dir(&folder).unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
        events.update().unwrap();
        fs::create_dir(&folder).unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
        events.update().unwrap();
        while events.wait(Duration::ZERO) == Woken::Changed {}
        fs::write(folder.join("file"), "").unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
    }

    #[test]
    fn a_wait_ends_with_its_owner() {
        let temp = tempfile::tempdir().unwrap();
        let (mut events, end) = watch(temp.path());
        let waiting = std::thread::spawn(move || events.wait(LONG));
        drop(end);
        assert_eq!(waiting.join().unwrap(), Woken::Ended);
    }
}
