//! File events of one folder, which only hint that something in it may have changed.
//!
//! Events get lost, come late or come twice, and a file system on another machine may send none. If the
//! folder does not exist, its nearest existing ancestor is watched instead. A change notification of
//! Windows tells no names, which nobody needs here; in return it has no buffer that could overflow,
//! no thread, and a thread can wait for it and for its own end at once.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND};
use windows_sys::Win32::Storage::FileSystem::FILE_READ_ATTRIBUTES;

use super::notification::{EndEvent, Notification, Waited, wait};
use crate::transport::windows::file_index::FileIndex;
use crate::transport::windows::open::open_to_look;
use crate::transport::{Woken, is_absent};

/// How long to pause after a wait that the system refuses.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// The events of one folder, for a thread that waits for them.
#[derive(Debug)]
pub struct FolderEvents {
    folder: PathBuf,
    watched: Option<Watched>,
    end: EndEvent,
}

/// Ends the wait of a [`FolderEvents`] when it is dropped.
#[derive(Debug)]
pub struct EndWatch(EndEvent);

/// The folder, or the ancestor that is watched in its place.
#[derive(Debug)]
struct Watched {
    path: PathBuf,
    index: FileIndex,
    notification: Notification,
    /// In an ancestor: the name of the next folder on the way, the only one that matters.
    only: Option<OsString>,
}

impl Drop for EndWatch {
    fn drop(&mut self) {
        self.0.set();
    }
}

impl FolderEvents {
    /// The events of a folder, which need not exist. There are none until
    /// [`FolderEvents::update`] is called.
    ///
    /// # Errors
    /// The system's error.
    pub fn new(folder: &Path) -> io::Result<(Self, EndWatch)> {
        let end = EndEvent::new()?;
        let folder = std::path::absolute(folder)?;
        Ok((Self { folder, watched: None, end: end.clone() }, EndWatch(end)))
    }

    /// Watches the folder, or its nearest existing ancestor. To be called before each look at the
    /// folder, since either may have been replaced. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error, if nothing can be watched now.
    pub fn update(&mut self) -> io::Result<()> {
        loop {
            let (path, index) = nearest(&self.folder)?;
            let is_same = |watched: &Watched| watched.path == path && watched.index == index;
            if self.watched.as_ref().is_some_and(is_same) {
                return Ok(());
            }
            // What replaced the folder before it was watched, or was made before its ancestor was
            // watched, has sent no event: so the way is looked at again.
            self.watched = None;
            let notification = match Notification::of(&path) {
                Ok(notification) => notification,
                Err(error) if is_absent(&error) => continue,
                Err(error) => return Err(error),
            };
            let only = self.folder.strip_prefix(&path).ok().and_then(|rest| rest.iter().next());
            let only = only.map(Into::into);
            self.watched = Some(Watched { path, index, notification, only });
        }
    }

    /// Waits for an event, for at most this long.
    pub fn wait(&mut self, timeout: Duration) -> Woken {
        let until = Instant::now() + timeout;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let notification = self.watched.as_ref().map(|watched| &watched.notification);
            match wait(&self.end, notification, left) {
                Waited::Ended => return Woken::Ended,
                Waited::Notified if self.take_event() => return Woken::Changed,
                Waited::Notified => {}
                Waited::Nothing if left.is_zero() => return Woken::TimedOut,
                Waited::Nothing => {}
                Waited::Refused => std::thread::sleep(left.min(REFUSED_PAUSE)),
            }
            if left.is_zero() {
                return Woken::TimedOut;
            }
        }
    }

    /// Asks for the next event. Returns whether the one that has come may matter.
    fn take_event(&mut self) -> bool {
        let Some(watched) = &self.watched else { return false };
        if watched.notification.next().is_err() {
            // The folder is gone. It can be made again only when nobody has it open.
            self.watched = None;
            return true;
        }
        watched.only.as_ref().is_none_or(|only| watched.path.join(only).exists())
    }
}

/// The path of a folder, or of its nearest ancestor that exists and can be entered, and which it is.
fn nearest(folder: &Path) -> io::Result<(PathBuf, FileIndex)> {
    let mut last = io::Error::from_raw_os_error(ERROR_FILE_NOT_FOUND.cast_signed());
    for path in folder.ancestors() {
        match open_to_look(path, FILE_READ_ATTRIBUTES) {
            Ok(opened) if opened.metadata()?.is_dir() => {
                return Ok((path.into(), FileIndex::of(&opened)?));
            }
            Ok(_) => {}
            Err(error) if is_absent(&error) || is_denied(&error) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

fn is_denied(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ERROR_ACCESS_DENIED.cast_signed())
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

    /// Takes what a change before has left.
    fn settle(events: &mut FolderEvents) {
        while events.wait(Duration::ZERO) == Woken::Changed {}
    }

    #[test]
    fn a_file_that_is_made_changed_or_removed_wakes() {
        let temp = tempfile::tempdir().unwrap();
        let (mut events, _end) = watch(temp.path());
        let file = temp.path().join("file");
        assert_eq!(events.wait(Duration::ZERO), Woken::TimedOut);
        fs::write(&file, "1").unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
        settle(&mut events);
        fs::write(&file, "22").unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
        settle(&mut events);
        fs::rename(&file, temp.path().join("other")).unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
        settle(&mut events);
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
        let folder = temp.path().join("a").join("b");
        let (mut events, _end) = watch(&folder);
        fs::write(temp.path().join("unrelated"), "").unwrap();
        assert_eq!(events.wait(Duration::from_millis(50)), Woken::TimedOut);
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
        // A folder that is only renamed sends no event of its own: the regular look finds out.
        fs::rename(&folder, temp.path().join("old")).unwrap();
        events.update().unwrap();
        fs::create_dir(&folder).unwrap();
        assert_eq!(events.wait(LONG), Woken::Changed);
        events.update().unwrap();
        settle(&mut events);
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
