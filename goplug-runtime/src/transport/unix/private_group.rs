//! Whether a group has one member only, the user with the same number.
//!
//! `/etc/passwd` and `/etc/group` say so for users of this machine. Where the C library also asks
//! another service who is in a group (`/etc/nsswitch.conf`), these files do not tell, and no group is
//! taken for private. What an administrator gives a single process, such as the group of a service,
//! stands in none of these files.

use std::io;
use std::path::Path;

use super::system::GROUPS_ARE_IN_ETC;
use crate::transport::explain;

/// What `/etc/nsswitch.conf` asks about users and groups.
const DATABASES: [&str; 4] = ["passwd", "group", "initgroups", "subid"];

/// The folders in which `nss-systemd` finds users, groups and memberships.
const RECORDS: [&str; 5] =
    ["/etc/userdb", "/run/userdb", "/run/host/userdb", "/usr/local/lib/userdb", "/usr/lib/userdb"];

/// The folder of the services that `nss-systemd` asks.
const SERVICES: &str = "/run/systemd/userdb";

/// The services that put nobody into the group of a user of `/etc/passwd`: their users have numbers and
/// groups of their own, or are those of `/etc` and of [`RECORDS`].
const HARMLESS_SERVICES: [&str; 6] = [
    "io.systemd.DropIn",
    "io.systemd.DynamicUser",
    "io.systemd.Machine",
    "io.systemd.Multiplexer",
    "io.systemd.NameServiceSwitch",
    "io.systemd.NamespaceResource",
];

/// Whether a group has no member but the user with the same number. Does blocking I/O.
///
/// # Errors
/// One of the files that say so is there, and cannot be read for want of descriptors or memory, for
/// example.
pub(super) fn is_private_group(gid: u32) -> io::Result<bool> {
    if !GROUPS_ARE_IN_ETC {
        return Ok(false);
    }
    let [users, groups, subordinate, switch] =
        ["/etc/passwd", "/etc/group", "/etc/subgid", "/etc/nsswitch.conf"].map(read);
    let (Text::Known(users), Text::Known(groups)) = (users?, groups?) else { return Ok(false) };
    // Without these, there are none, and the C library looks into no other files.
    let (Some(subordinate), Some(switch)) = (subordinate?.or_empty(), switch?.or_empty()) else {
        return Ok(false);
    };
    if !has_one_member(gid, &users, &groups) || is_subordinate(gid, &subordinate) {
        return Ok(false);
    }
    match sources(&switch) {
        Sources::Files => Ok(true),
        Sources::FilesAndSystemd => Ok(!has_records()?),
        Sources::Others => Ok(false),
    }
}

/// The content of a file.
#[derive(Debug, PartialEq, Eq)]
enum Text {
    Known(String),
    Absent,
    /// This user may not read it.
    Hidden,
}

impl Text {
    fn or_empty(self) -> Option<String> {
        match self {
            Self::Known(text) => Some(text),
            Self::Absent => Some(String::new()),
            Self::Hidden => None,
        }
    }
}

fn read(path: &str) -> io::Result<Text> {
    use io::ErrorKind::{InvalidData, NotADirectory, NotFound, PermissionDenied};
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Text::Known(text)),
        Err(error) => match error.kind() {
            NotFound | NotADirectory => Ok(Text::Absent),
            PermissionDenied | InvalidData => Ok(Text::Hidden),
            _ => Err(explain_unread(path, error)),
        },
    }
}

/// The error that it is not known who may write it, since something cannot be read.
pub(super) fn explain_unread(what: &str, error: io::Error) -> io::Error {
    let text = format!("who may write it is not known, since {what} cannot be read: {error}");
    explain(error, text)
}

fn number(field: Option<&str>) -> Option<u32> {
    field.and_then(|text| text.parse().ok())
}

/// Whether a group has no member but the user with the same number, by the text of `/etc/passwd` and
/// `/etc/group`.
fn has_one_member(gid: u32, users: &str, groups: &str) -> bool {
    let others_primary = users.lines().any(|line| {
        let mut fields = line.split(':').skip(2);
        let (uid, primary) = (number(fields.next()), number(fields.next()));
        primary == Some(gid) && uid != Some(gid)
    });
    let mut entries = groups.lines().filter(|line| number(line.split(':').nth(2)) == Some(gid));
    let is_closed = |line: &str| {
        let mut fields = line.split(':');
        // Whoever knows the password of a group can enter it.
        let has_password = !matches!(fields.nth(1), Some("" | "x" | "*" | "!"));
        !has_password && fields.nth(1).is_some_and(|members| members.trim().is_empty())
    };
    !others_primary && entries.next().is_some_and(is_closed) && entries.next().is_none()
}

/// Whether a user may give the group to processes in a namespace of its own, by the text of
/// `/etc/subgid`.
fn is_subordinate(gid: u32, text: &str) -> bool {
    text.lines().any(|line| {
        let mut fields = line.split(':').skip(1);
        let (start, count) = (number(fields.next()), number(fields.next()));
        start.zip(count).is_some_and(|(start, count)| {
            gid.checked_sub(start).is_some_and(|distance| distance < count)
        })
    })
}

/// Where users and groups come from.
#[derive(Debug, PartialEq, Eq)]
enum Sources {
    Files,
    FilesAndSystemd,
    Others,
}

/// Where users and groups come from, by the text of `/etc/nsswitch.conf`. A database that it does not
/// name is in files.
fn sources(switch: &str) -> Sources {
    let mut sources = Sources::Files;
    for line in switch.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((database, services)) = line.split_once(':') else { continue };
        if !DATABASES.contains(&database.trim()) {
            continue;
        }
        // What to do with an answer, such as `[NOTFOUND=return]`, names no source.
        for service in services.split(['[', ']']).step_by(2).flat_map(str::split_whitespace) {
            match service {
                "files" => {}
                "systemd" => sources = Sources::FilesAndSystemd,
                _ => return Sources::Others,
            }
        }
    }
    sources
}

/// Whether `nss-systemd` may know members of groups that `/etc` does not name.
fn has_records() -> io::Result<bool> {
    for folder in RECORDS {
        if has_other_entry(Path::new(folder), &[])? {
            return Ok(true);
        }
    }
    has_other_entry(Path::new(SERVICES), &HARMLESS_SERVICES)
}

/// Whether a folder has entries besides those of these names.
fn has_other_entry(folder: &Path, known: &[&str]) -> io::Result<bool> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(true),
        Err(error) => return Err(explain_unread(&folder.display().to_string(), error)),
    };
    for entry in entries {
        let name = entry?.file_name();
        if !known.iter().any(|known| name == *known) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n";
    const GROUPS: &str = "root:x:0:\nana:x:1000:\n";

    #[test]
    fn a_group_is_private_without_a_second_member() {
        assert!(has_one_member(1000, USERS, GROUPS));
        assert!(!has_one_member(1000, USERS, "ana:x:1000:bob\n"));
        assert!(!has_one_member(1000, USERS, "ana:x:1000:\nalso:x:1000:bob\n"));
        assert!(!has_one_member(1000, USERS, "root:x:0:\n"));
        let joined = format!("{USERS}bob:x:1001:1000::/home/bob:/bin/sh\n");
        assert!(!has_one_member(1000, &joined, GROUPS));
    }

    #[test]
    fn a_group_with_a_password_is_open_to_all_that_know_it() {
        assert!(!has_one_member(1000, USERS, "ana:$y$j9T$abc:1000:\n"));
        for none in ["", "x", "*", "!"] {
            assert!(has_one_member(1000, USERS, &format!("ana:{none}:1000:\n")), "{none}");
        }
    }

    #[test]
    fn a_group_that_is_subordinate_to_a_user_is_not_private() {
        let text = "bob:100000:65536\ncarl:990:20\n";
        assert!(is_subordinate(1000, text) && is_subordinate(990, text));
        assert!(!is_subordinate(1010, text) && !is_subordinate(989, text));
        assert!(!is_subordinate(1000, "no numbers\n"));
    }

    #[test]
    fn groups_that_another_service_knows_are_not_private() {
        for (switch, expected) in [
            ("", Sources::Files),
            ("passwd: files\ngroup:files # sss\nhosts: files dns\n", Sources::Files),
            ("passwd: files systemd\n", Sources::FilesAndSystemd),
            ("group: files [SUCCESS=merge] systemd\n", Sources::FilesAndSystemd),
            ("group: files [NOTFOUND=return sss=x] files", Sources::Files),
            ("group: files systemd sss\n", Sources::Others),
            ("passwd: compat\n", Sources::Others),
            ("initgroups: files ldap\n", Sources::Others),
            ("  group : winbind files", Sources::Others),
            ("subid: sss", Sources::Others),
        ] {
            assert_eq!(sources(switch), expected, "{switch}");
        }
    }

    #[test]
    fn records_besides_those_of_etc_are_found() {
        let temp = tempfile::tempdir().unwrap();
        let absent = temp.path().join("none");
        assert!(!has_other_entry(&absent, &[]).unwrap());
        std::fs::write(temp.path().join("io.systemd.DropIn"), "").unwrap();
        assert!(!has_other_entry(temp.path(), &HARMLESS_SERVICES).unwrap());
        std::fs::write(temp.path().join("io.systemd.Home"), "").unwrap();
        assert!(has_other_entry(temp.path(), &HARMLESS_SERVICES).unwrap());
        assert!(has_other_entry(&temp.path().join("io.systemd.Home"), &[]).is_err());
    }

    #[test]
    fn a_file_that_is_not_there_is_told_from_one_that_cannot_be_read() {
        assert_eq!(read("/etc/passwd/nothing").unwrap(), Text::Absent);
        assert_eq!(read("/nothing").unwrap(), Text::Absent);
        assert!(read("/etc").is_err());
    }
}
