//! File events of one folder, which only hint that something in it may have changed.
//!
//! A kqueue tells that an entry was made, moved or removed, and not that a file was written in place:
//! that is found out by the next look. If the folder does not exist, its nearest existing ancestor is
//! watched instead.

// The call that registers an event may in general be given dangling descriptors.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, PipeReader};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::kqueue::{Event, EventFilter, EventFlags, VnodeEvents, kevent, kqueue};
use rustix::io::{FdFlags, fcntl_setfd};

use crate::transport::Woken;
use crate::transport::is_absent;
use crate::transport::unix::host::folder_wait::EndWatch;
use crate::transport::unix::inode::is_at;

/// The events of one folder, for a thread that waits for them.
#[derive(Debug)]
pub struct FolderEvents {
    folder: PathBuf,
    queue: OwnedFd,
    /// The folder, or the ancestor that is watched in its place, and its path.
    watched: Option<(File, PathBuf)>,
    end: PipeReader,
}

impl FolderEvents {
    /// The events of a folder, which need not exist. There are none until
    /// [`FolderEvents::update`] is called.
    ///
    /// # Errors
    /// The system's error.
    pub fn new(folder: &Path) -> io::Result<(Self, EndWatch)> {
        let (end, ender) = io::pipe()?;
        let queue = kqueue()?;
        fcntl_setfd(&queue, FdFlags::CLOEXEC)?;
        register(&queue, EventFilter::Read(end.as_raw_fd()), EventFlags::ADD)?;
        let events = Self { folder: folder.into(), queue, watched: None, end };
        Ok((events, EndWatch(ender)))
    }

    /// Watches the folder, or its nearest existing ancestor. To be called before each look at the
    /// folder, since either may have been replaced. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error, if nothing can be watched now.
    pub fn update(&mut self) -> io::Result<()> {
        let (opened, path) = nearest(&self.folder)?;
        let is_same = |(watched, at): &(File, PathBuf)| *at == path && is_at(watched, &path);
        if self.watched.as_ref().is_some_and(is_same) {
            return Ok(());
        }
        let flags = VnodeEvents::WRITE
            | VnodeEvents::EXTEND
            | VnodeEvents::ATTRIBUTES
            | VnodeEvents::DELETE
            | VnodeEvents::RENAME;
        let filter = EventFilter::Vnode { vnode: opened.as_raw_fd(), flags };
        register(&self.queue, filter, EventFlags::ADD | EventFlags::CLEAR)?;
        // Closing the former one ends its events.
        self.watched = Some((opened, path));
        Ok(())
    }

    /// Waits for an event, for at most this long.
    pub fn wait(&mut self, timeout: Duration) -> Woken {
        let until = Instant::now() + timeout;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let filter = EventFilter::Read(self.end.as_raw_fd());
            let mut events = [Event::new(filter, EventFlags::ADD, std::ptr::null_mut())];
            // SAFETY: no event is registered.
            let count = unsafe { kevent(&self.queue, &[], &mut events, Some(left)) };
            match count {
                Ok(1..) if matches!(events[0].filter(), EventFilter::Read(_)) => {
                    return Woken::Ended;
                }
                Ok(1..) => return Woken::Changed,
                _ if left.is_zero() => return Woken::TimedOut,
                // It was interrupted.
                _ => {}
            }
        }
    }
}

fn register(queue: &OwnedFd, filter: EventFilter, flags: EventFlags) -> io::Result<()> {
    let event = Event::new(filter, flags, std::ptr::null_mut());
    // SAFETY: the descriptor of the filter stays open for as long as the queue does, or is closed by its
    // owner, which ends its events.
    unsafe { kevent(queue, &[event], &mut [] as &mut [Event], None) }?;
    Ok(())
}

/// Opens a folder, or the nearest ancestor that exists.
fn nearest(folder: &Path) -> io::Result<(File, PathBuf)> {
    for path in folder.ancestors() {
        match File::open(path) {
            Ok(opened) if opened.metadata()?.is_dir() => return Ok((opened, path.into())),
            Ok(_) => {}
            Err(error) if is_absent(&error) => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::NotFound.into())
}
