//! Whether a file or folder is safe from other users.
//!
//! A user who may write a plugin's program, its `.pconf` or their folder can run code as the host.
//! Access control lists need no extra check: the group bits of the mode are their upper bound.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::transport::explain;
use crate::transport::unix::own_uid;

const GROUP_WRITE: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// The number that a namespace of users has for every user who is not in it, unless
/// `kernel.overflowuid` is another.
const OUTSIDE: u32 = 65_534;

/// Who may write a file or folder: its user, its group and its mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAccess {
    uid: u32,
    gid: u32,
    mode: u32,
    is_folder: bool,
}

impl FileAccess {
    /// Who may write an open file. Before a file is read or run, this is what to ask: the path may
    /// lead elsewhere by then.
    ///
    /// # Errors
    /// The system's error.
    pub fn of_file(file: &File) -> io::Result<Self> {
        Ok(Self::of_metadata(&file.metadata()?))
    }

    /// Who may write what is at a path, links followed. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of_metadata(&std::fs::metadata(path)?))
    }

    fn of_metadata(metadata: &Metadata) -> Self {
        Self {
            uid: metadata.uid(),
            gid: metadata.gid(),
            mode: metadata.mode() & 0o7777,
            is_folder: metadata.is_dir(),
        }
    }

    /// The reason why other users can change the file or folder; `None` if they cannot. It ends with
    /// what mends that, if a command does.
    ///
    /// Other users are all but this process's user and root. A folder with the sticky bit, such as
    /// `/tmp`, is safe: other users can add files of their own to it, which this function then refuses,
    /// but cannot change or replace the files in it. A file that a private group may write is safe as
    /// well: the group's number is its owner's, and according to `/etc/passwd` and `/etc/group` it has
    /// no other member.
    ///
    /// Only this file is checked, not the folders above it. May read the two files above, and so
    /// block.
    ///
    /// # Errors
    /// It is not known whether the group is private: one of the two files is there, and cannot be read
    /// for want of descriptors or memory, for example.
    pub fn writable_by_others(&self) -> io::Result<Option<String>> {
        self.problem(own_uid(), || {
            let (Some(users), Some(groups)) = (read("/etc/passwd")?, read("/etc/group")?) else {
                return Ok(false);
            };
            Ok(is_private_group(self.gid, &users, &groups))
        })
    }

    fn problem(
        &self,
        own_uid: u32,
        group_is_private: impl FnOnce() -> io::Result<bool>,
    ) -> io::Result<Option<String>> {
        let Self { uid, gid, mode, is_folder } = *self;
        if uid != own_uid && uid != 0 {
            let who =
                if uid == OUTSIDE { ": nobody, or a user outside this container" } else { "" };
            return Ok(Some(format!("it belongs to another user (uid {uid}{who})")));
        }
        if is_folder && mode & STICKY != 0 {
            return Ok(None);
        }
        if mode & OTHERS_WRITE != 0 {
            // The group is named as well, so that one command is enough.
            let who = if mode & GROUP_WRITE == 0 { "o" } else { "go" };
            return Ok(Some(format!(
                "every user may write it (mode {mode:04o}); chmod {who}-w mends that"
            )));
        }
        if mode & GROUP_WRITE != 0 && !(gid == uid && group_is_private()?) {
            return Ok(Some(format!(
                "its group may write it (mode {mode:04o}, gid {gid}); chmod g-w mends that"
            )));
        }
        Ok(None)
    }
}

/// The text of a file; `None` if there is none for this user.
fn read(path: &str) -> io::Result<Option<String>> {
    use io::ErrorKind::{InvalidData, NotADirectory, NotFound, PermissionDenied};
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) => match error.kind() {
            NotFound | NotADirectory | PermissionDenied | InvalidData => Ok(None),
            _ => Err(explain_unread(path, error)),
        },
    }
}

/// The error that it is not known who is in a group.
fn explain_unread(path: &str, error: io::Error) -> io::Error {
    let text = format!("who may write it is not known, since {path} cannot be read: {error}");
    explain(error, text)
}

/// Whether a group has no member but the user with the same number.
fn is_private_group(gid: u32, users: &str, groups: &str) -> bool {
    let number = |field: Option<&str>| field.and_then(|text| text.parse::<u32>().ok());
    let others_primary = users.lines().any(|line| {
        let mut fields = line.split(':').skip(2);
        let (uid, primary) = (number(fields.next()), number(fields.next()));
        primary == Some(gid) && uid != Some(gid)
    });
    let mut entries = groups.lines().filter(|line| number(line.split(':').nth(2)) == Some(gid));
    let has_no_members = |line: &str| line.split(':').nth(3).is_some_and(|m| m.trim().is_empty());
    !others_primary && entries.next().is_some_and(has_no_members) && entries.next().is_none()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const ME: u32 = 1000;

    fn problem(uid: u32, gid: u32, mode: u32, is_folder: bool) -> Option<String> {
        FileAccess { uid, gid, mode, is_folder }.problem(ME, || Ok(true)).unwrap()
    }

    #[test]
    fn files_of_this_user_or_root_are_safe() {
        assert_eq!(problem(ME, ME, 0o755, false), None);
        assert_eq!(problem(0, 0, 0o755, true), None);
    }

    #[test]
    fn another_owner_is_reported() {
        let text = problem(1001, ME, 0o600, false).unwrap();
        assert_eq!(text, "it belongs to another user (uid 1001)");
        let text = problem(OUTSIDE, ME, 0o600, false).unwrap();
        assert!(text.ends_with("(uid 65534: nobody, or a user outside this container)"), "{text}");
    }

    #[test]
    fn a_mode_that_lets_everybody_write_is_reported() {
        let text = problem(ME, ME, 0o666, false).unwrap();
        assert_eq!(text, "every user may write it (mode 0666); chmod go-w mends that");
    }

    #[test]
    fn a_shared_group_that_may_write_is_reported() {
        let text = problem(ME, 50, 0o775, true).unwrap();
        assert_eq!(text, "its group may write it (mode 0775, gid 50); chmod g-w mends that");
    }

    #[test]
    fn a_private_group_may_write() {
        assert_eq!(problem(ME, ME, 0o775, true), None);
        let shared = FileAccess { uid: ME, gid: ME, mode: 0o775, is_folder: true };
        assert!(shared.problem(ME, || Ok(false)).unwrap().is_some());
    }

    #[test]
    fn a_shortage_while_the_group_is_looked_up_is_no_answer() {
        let short = || explain_unread("/etc/group", rustix::io::Errno::MFILE.into());
        let shared = FileAccess { uid: ME, gid: ME, mode: 0o775, is_folder: true };
        let error = shared.problem(ME, || Err(short())).unwrap_err();
        let text = "who may write it is not known, since /etc/group cannot be read: ";
        assert!(error.to_string().starts_with(text), "{error}");
        #[cfg(feature = "host")]
        assert!(crate::transport::is_shortage(&error));
        // Where the mode alone decides, nothing is looked up.
        let safe = FileAccess { mode: 0o755, ..shared };
        assert_eq!(safe.problem(ME, || Err(short())).unwrap(), None);
    }

    #[test]
    fn a_file_that_is_not_there_says_nothing_of_a_group() {
        assert_eq!(read("/etc/passwd/nothing").unwrap(), None);
        assert_eq!(read("/nothing").unwrap(), None);
        assert!(read("/etc").is_err());
    }

    #[test]
    fn the_sticky_bit_makes_only_folders_safe() {
        assert_eq!(problem(0, 0, 0o1777, true), None);
        assert!(problem(0, 0, 0o1777, false).is_some());
    }

    #[test]
    fn a_group_is_private_without_a_second_member() {
        let users = "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n";
        let groups = "root:x:0:\nana:x:1000:\n";
        assert!(is_private_group(1000, users, groups));
        assert!(!is_private_group(1000, users, "ana:x:1000:bob\n"));
        assert!(!is_private_group(1000, users, "root:x:0:\n"));
        let joined = format!("{users}bob:x:1001:1000::/home/bob:/bin/sh\n");
        assert!(!is_private_group(1000, &joined, groups));
    }

    #[test]
    fn a_real_file_is_checked() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("f");
        std::fs::write(&path, "").unwrap();
        let set = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        set(0o644);
        assert_eq!(FileAccess::at(&path).unwrap().writable_by_others().unwrap(), None);
        set(0o646);
        let problem = FileAccess::at(&path).unwrap().writable_by_others().unwrap().unwrap();
        assert_eq!(problem, "every user may write it (mode 0646); chmod o-w mends that");
    }
}
