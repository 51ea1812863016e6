//! What the watcher of files refuses, and why.

use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::system::{FileEvents, is_too_many_files};

/// What the watcher has refused.
#[derive(Default)]
pub(super) struct Refused {
    count: usize,
    first: Option<(PathBuf, String)>,
}

impl Refused {
    pub(super) fn add(&mut self, folder: &Path, why: String) {
        self.count += 1;
        self.first.get_or_insert_with(|| (folder.to_owned(), why));
    }

    /// What is said about it, if there is any.
    pub(super) fn text(&self) -> Option<String> {
        let (folder, why) = self.first.as_ref()?;
        let folders = match self.count {
            1 => folder.display().to_string(),
            2 => format!("{} and one other folder", folder.display()),
            count => format!("{} and {} other folders", folder.display(), count - 1),
        };
        Some(format!("saves in {folders} are not noticed: {why}"))
    }
}

/// Whether there is nothing to watch.
pub(super) fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Why a folder is not watched.
pub(super) fn unwatched(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => FileEvents::Watches.exhausted(),
        notify::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

/// The failure of a watcher that does not begin.
pub(super) fn no_watcher(error: &notify::Error) -> Failure {
    let why = match &error.kind {
        notify::ErrorKind::Io(error) if is_too_many_files(error) => {
            FileEvents::Instances.exhausted()
        }
        _ => unwatched(error),
    };
    Failure::unreachable(format!("the sources cannot be watched: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_not_watched_are_named_with_the_limit() {
        let mut refused = Refused::default();
        assert_eq!(refused.text(), None);
        let error = notify::Error::new(notify::ErrorKind::MaxFilesWatch);
        refused.add(Path::new("/p/src"), unwatched(&error));
        refused.add(Path::new("/p/src/deep"), unwatched(&error));
        let text = refused.text().unwrap();
        assert!(
            text.starts_with("saves in /p/src and one other folder are not noticed: "),
            "{text}"
        );
        assert!(text.contains("fs.inotify.max_user_watches"), "{text}");
        let error = notify::Error::io(rustix::io::Errno::MFILE.into());
        let line = no_watcher(&error).line();
        assert!(line.contains("fs.inotify.max_user_instances"), "{line}");
    }
}
