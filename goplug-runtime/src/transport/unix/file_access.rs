//! Whether a file or folder is safe from other users.
//!
//! A user who may write a plugin's program, its `.pconf` or their folder can run code as the host. The
//! group bits of a mode are the upper bound of what a POSIX access list grants, so a list matters only
//! where these bits let a private group write: then it may be another user who writes.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::private_group::{explain_unread, is_private_group};
use super::system::has_access_list;
use crate::transport::unix::own_uid;

const GROUP_WRITE: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// The number that a namespace of users has for every user who is not in it, unless
/// `kernel.overflowuid` is another.
const OUTSIDE: u32 = 65_534;

/// Whether a file or folder has an access list besides its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AccessList {
    /// It has none, or the mode says all that matters.
    Absent,
    Present,
    /// The error of looking.
    Unknown(Errno),
}

/// Who may write a file or folder: its user, its group, its mode and its access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAccess {
    uid: u32,
    gid: u32,
    mode: u32,
    is_folder: bool,
    list: AccessList,
}

impl FileAccess {
    /// Who may write an open file. Before a file is read or run, this is what to ask: the path may
    /// lead elsewhere by then.
    ///
    /// # Errors
    /// The system's error.
    pub fn of_file(file: &File) -> io::Result<Self> {
        let access = Self::of_metadata(&file.metadata()?);
        let list = match access.is_writable_by_own_group().then(|| has_access_list(file)) {
            None | Some(Ok(false)) => AccessList::Absent,
            Some(Ok(true)) => AccessList::Present,
            Some(Err(error)) => AccessList::Unknown(error),
        };
        Ok(Self { list, ..access })
    }

    /// Who may write what is at a path, links followed. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error.
    pub fn at(path: &Path) -> io::Result<Self> {
        let access = Self::of_metadata(&std::fs::metadata(path)?);
        if !access.is_writable_by_own_group() {
            return Ok(access);
        }
        // The list and the mode have to be those of one file.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let mut options = OpenOptions::new();
        match options.read(true).custom_flags(flags.bits().cast_signed()).open(path) {
            Ok(file) => Self::of_file(&file),
            Err(error) => {
                let list = AccessList::Unknown(Errno::from_io_error(&error).unwrap_or(Errno::IO));
                Ok(Self { list, ..access })
            }
        }
    }

    /// Who may exchange a symbolic link in a folder with the sticky bit: its owner. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error.
    #[cfg(feature = "host")]
    pub fn of_link(path: &Path) -> io::Result<Self> {
        // The mode of a link says nothing.
        Ok(Self { mode: 0, ..Self::of_metadata(&std::fs::symlink_metadata(path)?) })
    }

    fn of_metadata(metadata: &Metadata) -> Self {
        Self {
            uid: metadata.uid(),
            gid: metadata.gid(),
            mode: metadata.mode() & 0o7777,
            is_folder: metadata.is_dir(),
            list: AccessList::Absent,
        }
    }

    /// Whether the group may write it, and has the number of its owner.
    fn is_writable_by_own_group(&self) -> bool {
        self.mode & GROUP_WRITE != 0 && self.gid == self.uid && !self.is_sticky_folder()
    }

    fn is_sticky_folder(&self) -> bool {
        self.is_folder && self.mode & STICKY != 0
    }

    /// The reason why other users can change the file or folder; `None` if they cannot. It ends with
    /// what mends that, if a command does.
    ///
    /// Other users are all but this process's user and root. A folder with the sticky bit, such as
    /// `/tmp`, is safe: other users can add files of their own to it, which this function then refuses,
    /// but cannot change or replace the files in it. A file that a private group may write is safe as
    /// well: the group's number is its owner's, it has no other member, and the file has no access list,
    /// by which that might be another user.
    ///
    /// Only this file is checked, not the folders on the way to it. May read files that say who is in a group,
    /// and so block.
    ///
    /// # Errors
    /// It is not known whether the group is private, or whether there is an access list: a file is there
    /// and cannot be read for want of descriptors or memory, for example.
    pub fn writable_by_others(&self) -> io::Result<Option<String>> {
        self.problem(own_uid(), || is_private_group(self.gid))
    }

    /// As [`FileAccess::writable_by_others`], for a folder or link on the way to a file. There the owner of
    /// `/` counts as root: in a container without the system's root, all of the system's folders belong
    /// to a number that says nothing.
    ///
    /// # Errors
    /// As for [`FileAccess::writable_by_others`].
    #[cfg(feature = "host")]
    pub fn exchangeable_by_others(&self) -> io::Result<Option<String>> {
        let is_of_system = self.uid == OUTSIDE && Self::at(Path::new("/"))?.uid == OUTSIDE;
        let uid = if is_of_system { 0 } else { self.uid };
        Self { uid, ..self.clone() }.problem(own_uid(), || is_private_group(self.gid))
    }

    /// Whether only root may write it, and it is root's own.
    #[cfg(feature = "host")]
    pub fn is_of_system_alone(&self) -> bool {
        self.uid == 0 && self.mode & (GROUP_WRITE | OTHERS_WRITE) == 0
    }

    fn problem(
        &self,
        own_uid: u32,
        group_is_private: impl FnOnce() -> io::Result<bool>,
    ) -> io::Result<Option<String>> {
        let Self { uid, gid, mode, list, .. } = *self;
        if uid != own_uid && uid != 0 {
            let who =
                if uid == OUTSIDE { ": nobody, or a user outside this container" } else { "" };
            return Ok(Some(format!("it belongs to another user (uid {uid}{who})")));
        }
        if self.is_sticky_folder() {
            return Ok(None);
        }
        if mode & OTHERS_WRITE != 0 {
            // The group is named as well, so that one command is enough.
            let who = if mode & GROUP_WRITE == 0 { "o" } else { "go" };
            return Ok(Some(format!(
                "every user may write it (mode {mode:04o}); chmod {who}-w mends that"
            )));
        }
        if mode & GROUP_WRITE == 0 {
            return Ok(None);
        }
        let whose = match list {
            _ if gid != uid || !group_is_private()? => "its group",
            AccessList::Absent => return Ok(None),
            AccessList::Present => "a user or group of its access list",
            AccessList::Unknown(error) => {
                return Err(explain_unread("its access list", error.into()));
            }
        };
        Ok(Some(format!("{whose} may write it (mode {mode:04o}, gid {gid}); chmod g-w mends that")))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const ME: u32 = 1000;

    const OF_PRIVATE_GROUP: FileAccess =
        FileAccess { uid: ME, gid: ME, mode: 0o775, is_folder: true, list: AccessList::Absent };

    fn problem(uid: u32, gid: u32, mode: u32, is_folder: bool) -> Option<String> {
        FileAccess { uid, gid, mode, is_folder, list: AccessList::Absent }
            .problem(ME, || Ok(true))
            .unwrap()
    }

    #[test]
    fn files_of_this_user_or_root_are_safe() {
        assert_eq!(problem(ME, ME, 0o755, false), None);
        assert_eq!(problem(0, 0, 0o755, true), None);
    }

    #[cfg(feature = "host")]
    #[test]
    fn only_roots_files_that_root_alone_may_write_are_the_systems() {
        let is_systems = |uid, mode| {
            let list = AccessList::Absent;
            FileAccess { uid, gid: 0, mode, is_folder: false, list }.is_of_system_alone()
        };
        assert!(is_systems(0, 0o755) && is_systems(0, 0o4755));
        for (uid, mode) in [(ME, 0o755), (OUTSIDE, 0o755), (0, 0o775), (0, 0o757)] {
            assert!(!is_systems(uid, mode), "{uid} {mode:o}");
        }
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
        assert!(OF_PRIVATE_GROUP.problem(ME, || Ok(false)).unwrap().is_some());
    }

    #[test]
    fn an_access_list_takes_the_exemption_of_a_private_group() {
        let listed = FileAccess { list: AccessList::Present, ..OF_PRIVATE_GROUP };
        let text = listed.problem(ME, || Ok(true)).unwrap().unwrap();
        let expected = "a user or group of its access list may write it (mode 0775, gid 1000); chmod g-w \
                        mends that";
        assert_eq!(text, expected);
        for errno in [Errno::IO, Errno::PERM, Errno::MFILE] {
            let unread = FileAccess { list: AccessList::Unknown(errno), ..OF_PRIVATE_GROUP };
            let error = unread.problem(ME, || Ok(true)).unwrap_err();
            let text = "who may write it is not known, since its access list cannot be read: ";
            assert!(error.to_string().starts_with(text), "{error}");
        }
    }

    #[test]
    fn a_shortage_while_the_group_is_looked_up_is_no_answer() {
        let short = || explain_unread("/etc/group", rustix::io::Errno::MFILE.into());
        let shared = OF_PRIVATE_GROUP;
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
    fn the_sticky_bit_makes_only_folders_safe() {
        assert_eq!(problem(0, 0, 0o1777, true), None);
        assert!(problem(0, 0, 0o1777, false).is_some());
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
