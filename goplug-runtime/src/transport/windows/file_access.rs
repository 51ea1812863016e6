//! Whether a file or folder is safe from other users.
//!
//! A user who may write a plugin's program, its `.pconf` or their folder can run code as the host.

use std::fs::File;
use std::io;
use std::path::Path;

use windows_sys::Win32::Foundation::{GENERIC_ALL, GENERIC_WRITE};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_APPEND_DATA, FILE_DELETE_CHILD, FILE_WRITE_DATA, READ_CONTROL, WRITE_DAC,
    WRITE_OWNER,
};

use super::open::open_to_look;
use super::security_descriptor::SecurityDescriptor;
use super::sid::Sid;

/// The rights to change a file, to put another in its place, to add a file to a folder, and to get
/// these rights.
const WRITE: u32 = FILE_WRITE_DATA
    | FILE_APPEND_DATA
    | FILE_DELETE_CHILD
    | DELETE
    | WRITE_DAC
    | WRITE_OWNER
    | GENERIC_WRITE
    | GENERIC_ALL;

/// Stand for the owner, who is looked at in any case.
const OWNERS: [&str; 2] = ["S-1-3-0", "S-1-3-4"];

/// `TrustedInstaller`, to whom Windows' own files belong.
const TRUSTED_INSTALLER: &str = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";

/// The names of groups that are often met, as Windows shows them in English.
const NAMES: [(&str, &str); 6] = [
    ("S-1-1-0", "Everyone"),
    ("S-1-5-4", "INTERACTIVE"),
    ("S-1-5-7", "ANONYMOUS LOGON"),
    ("S-1-5-11", "Authenticated Users"),
    ("S-1-5-32-545", "Users"),
    ("S-1-5-32-546", "Guests"),
];

/// Who may write a file or folder: its owner and its access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAccess(SecurityDescriptor);

impl FileAccess {
    /// Who may write an open file. Before a file is read or run, this is what to ask: the path may
    /// lead elsewhere by then.
    ///
    /// # Errors
    /// The system's error.
    pub fn of_file(file: &File) -> io::Result<Self> {
        SecurityDescriptor::of(file).map(Self)
    }

    /// Who may write what is at a path, links followed. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error.
    pub fn at(path: &Path) -> io::Result<Self> {
        Self::of_file(&open_to_look(path, READ_CONTROL)?)
    }

    /// Who may exchange a symbolic link: who may write what it leads to. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error.
    #[cfg(feature = "host")]
    pub fn of_link(path: &Path) -> io::Result<Self> {
        Self::at(path)
    }

    /// The reason why other users can change the file or folder; `None` if they cannot. It ends with
    /// what mends that, if a command does.
    ///
    /// Other users are all but this process's user, Windows itself, its installer and the
    /// administrators. To write is to change the content, to delete, to rename, to add to a folder, and
    /// to change the owner or the access list. A right that the list grants counts even if another entry
    /// denies it. A file without an access list, as on a FAT file system, is anybody's.
    ///
    /// Only this file is checked, not the folders above it.
    ///
    /// # Errors
    /// The system's error, if it does not say who this process's user is.
    pub fn writable_by_others(&self) -> io::Result<Option<String>> {
        Ok(self.problem(Sid::of_this_process()?))
    }

    /// As [`FileAccess::writable_by_others`], for a folder on the way to a file.
    ///
    /// # Errors
    /// As for [`FileAccess::writable_by_others`].
    #[cfg(feature = "host")]
    pub fn exchangeable_by_others(&self) -> io::Result<Option<String>> {
        self.writable_by_others()
    }

    /// Whether only Windows, its installer and the administrators may write it, and it is one of theirs.
    #[cfg(feature = "host")]
    pub fn is_of_system_alone(&self) -> bool {
        let owner = &self.0.owner;
        is_of_system(owner) && self.problem(owner).is_none()
    }

    fn problem(&self, own: &Sid) -> Option<String> {
        let Self(SecurityDescriptor { owner, grants }) = self;
        if !is_trusted(owner, own) {
            return Some(format!("it belongs to another user ({})", named(&owner.to_string())));
        }
        let Some(grants) = grants else {
            return Some(
                "every user may write it: it has no access list, or its file system has none"
                    .into(),
            );
        };
        let mut writers = Vec::new();
        for grant in grants.iter().filter(|grant| grant.rights & WRITE != 0) {
            let text = grant.to.to_string();
            let is_owner = OWNERS.contains(&text.as_str());
            if !is_owner && !is_trusted(&grant.to, own) && !writers.contains(&text) {
                writers.push(text);
            }
        }
        if writers.is_empty() {
            return None;
        }
        let names: Vec<_> = writers.iter().map(|writer| named(writer)).collect();
        let starred: Vec<_> = writers.iter().map(|writer| format!("*{writer}")).collect();
        Some(format!(
            "{} may write it; icacls FILE /inheritance:d /remove:g {} mends that",
            names.join(" and "),
            starred.join(" ")
        ))
    }
}

/// Whether this user may decide what runs as `own`.
fn is_trusted(user: &Sid, own: &Sid) -> bool {
    user == own || is_of_system(user)
}

/// Whether a user is Windows itself, its installer or the administrators.
fn is_of_system(user: &Sid) -> bool {
    user.is_system() || user.is_administrators() || user.to_string() == TRUSTED_INSTALLER
}

/// An identifier for people, with its name if it is one of [`NAMES`].
fn named(sid: &str) -> String {
    match NAMES.iter().find(|(known, _)| *known == sid) {
        Some((_, name)) => format!("{name} ({sid})"),
        None => sid.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::windows::security_descriptor::Grant;

    const EVERYONE: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    const USERS: [u8; 16] = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 33, 2, 0, 0];
    const SYSTEM: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
    const OWNER_RIGHTS: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0];
    const READ: u32 = 0x0012_0089;

    fn sid(bytes: &[u8]) -> Sid {
        Sid::parse(bytes).unwrap()
    }

    fn own() -> Sid {
        sid(&[1, 2, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 9, 0, 0, 0])
    }

    /// The problem of a file of this user whose list has these entries.
    fn problem(grants: &[(&[u8], u32)]) -> Option<String> {
        let grant = |(to, rights): &(&[u8], u32)| Grant { to: sid(to), rights: *rights };
        let grants = Some(grants.iter().map(grant).collect());
        FileAccess(SecurityDescriptor { owner: own(), grants }).problem(&own())
    }

    #[test]
    fn a_file_that_others_may_only_read_is_safe() {
        assert_eq!(
            problem(&[(&EVERYONE, READ), (&SYSTEM, GENERIC_ALL), (&OWNER_RIGHTS, WRITE)]),
            None
        );
        assert_eq!(problem(&[]), None);
    }

    #[test]
    fn whoever_may_write_is_named_with_what_mends_it() {
        let text = problem(&[(&EVERYONE, FILE_WRITE_DATA), (&USERS, DELETE), (&USERS, WRITE_DAC)]);
        assert_eq!(
            text.unwrap(),
            "Everyone (S-1-1-0) and Users (S-1-5-32-545) may write it; icacls FILE /inheritance:d \
             /remove:g *S-1-1-0 *S-1-5-32-545 mends that"
        );
    }

    #[test]
    fn each_right_to_change_a_file_counts() {
        for right in 0..u32::BITS {
            let right = 1 << right;
            assert_eq!(problem(&[(&USERS, right)]).is_some(), WRITE & right != 0, "{right:#x}");
        }
    }

    #[test]
    fn another_owner_and_a_missing_list_are_reported() {
        let of =
            |owner: &[u8], grants| FileAccess(SecurityDescriptor { owner: sid(owner), grants });
        let text = of(&USERS, Some(Vec::new())).problem(&own()).unwrap();
        assert_eq!(text, "it belongs to another user (Users (S-1-5-32-545))");
        let text = of(&SYSTEM, None).problem(&own()).unwrap();
        assert!(text.starts_with("every user may write it: it has no access list"), "{text}");
    }

    #[cfg(feature = "host")]
    #[test]
    fn only_files_that_the_system_alone_may_write_are_the_systems() {
        let is_systems = |owner: Sid, to: &[u8], rights| {
            let grants = Some(vec![Grant { to: sid(to), rights }]);
            FileAccess(SecurityDescriptor { owner, grants }).is_of_system_alone()
        };
        assert!(is_systems(sid(&SYSTEM), &EVERYONE, READ));
        assert!(!is_systems(sid(&SYSTEM), &USERS, FILE_WRITE_DATA));
        assert!(!is_systems(own(), &EVERYONE, READ));
        assert!(
            !FileAccess(SecurityDescriptor { owner: sid(&SYSTEM), grants: None })
                .is_of_system_alone()
        );
    }

    #[test]
    fn a_real_file_and_a_real_folder_are_checked() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("f");
        std::fs::write(&path, "").unwrap();
        for path in [temp.path(), &path] {
            FileAccess::at(path).unwrap().writable_by_others().unwrap();
        }
        let opened = FileAccess::of_file(&File::open(&path).unwrap()).unwrap();
        assert_eq!(opened, FileAccess::at(&path).unwrap());
    }
}
