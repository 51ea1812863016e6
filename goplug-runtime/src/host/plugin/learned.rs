//! What a sandbox that learns has refused: the settings that it lacks.

use std::fmt;

use super::handle::Plugin;
use crate::protocol::Permission;
use crate::transport::RefusedAccess;

/// What the processes of a plugin tried and a [`Sandbox`](crate::host::Sandbox) with
/// [`learn`](crate::host::Sandbox::learn) refused.
///
/// Displayed, it is the calls of the builder that the sandbox lacks, one on each line:
///
/// ```text
///     .read("/etc/hostname")
///     .connect(443)
/// ```
///
/// It is what a plugin has tried, and not what it should be allowed: read it before you paste it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Learned {
    /// What permissions would allow, in order. A folder stands for many of its files.
    pub permissions: Vec<Permission>,
    /// The families of sockets, by the system's numbers.
    pub address_families: Vec<i32>,
}

/// From how many files of a folder on the folder is named in their place.
const MANY: usize = 8;

impl Learned {
    fn of(refused: Vec<RefusedAccess>) -> Self {
        let mut learned = Self::default();
        let mut asked: Vec<Permission> = Vec::new();
        for access in refused {
            asked.push(match access {
                RefusedAccess::Read(path) => Permission::Read(path),
                RefusedAccess::Write(path) => Permission::Write(path),
                RefusedAccess::Connect(port) => Permission::Connect(port),
                RefusedAccess::Udp => Permission::Udp,
                RefusedAccess::UnixSockets => Permission::UnixSockets,
                RefusedAccess::AddressFamily(family) => {
                    learned.address_families.push(family);
                    continue;
                }
            });
        }
        let folders: Vec<_> = asked.iter().map(folder).collect();
        let is_many =
            |one: &Option<Permission>| folders.iter().filter(|other| *other == one).count() >= MANY;
        let named: Vec<_> = asked
            .iter()
            .map(|one| folder(one).filter(|it| is_many(&Some(it.clone()))).unwrap_or(one.clone()))
            .collect();
        for one in &named {
            let covers = |other: &Permission| other != one && other.covers(one);
            if !named.iter().any(covers) && !learned.permissions.contains(one) {
                learned.permissions.push(one.clone());
            }
        }
        learned
    }

    /// Whether nothing was refused that a setting would allow.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The same permission for the folder of a file; `None` if there is no folder but the root.
fn folder(permission: &Permission) -> Option<Permission> {
    let parent = |path: &std::path::Path| {
        path.parent().filter(|parent| parent.parent().is_some()).map(ToOwned::to_owned)
    };
    match permission {
        Permission::Read(path) => parent(path).map(Permission::Read),
        Permission::Write(path) => parent(path).map(Permission::Write),
        _ => None,
    }
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for permission in &self.permissions {
            match permission {
                Permission::Read(path) => writeln!(f, "    .read({})", literal(path))?,
                Permission::Write(path) => writeln!(f, "    .write({})", literal(path))?,
                Permission::Connect(port) => writeln!(f, "    .connect({port})")?,
                Permission::Udp => f.write_str("    .udp(true)\n")?,
                Permission::UnixSockets => f.write_str("    .unix_sockets(true)\n")?,
                Permission::Memory(_) | Permission::Service(_) => {}
            }
        }
        self.address_families
            .iter()
            .try_for_each(|family| writeln!(f, "    .address_family({family})"))
    }
}

/// A path as a string literal of Rust. What is not UTF-8 is replaced by `U+FFFD`.
fn literal(path: &std::path::Path) -> String {
    format!("{:?}", path.to_string_lossy())
}

impl Plugin {
    /// What the plugin's processes tried so far and its sandbox refused, if that
    /// [learns](crate::host::Sandbox::learn): the settings that it lacks. Empty for any other sandbox. At most
    /// [`limits::MAX_LEARNED`](crate::limits::MAX_LEARNED) accesses are kept.
    pub fn learned(&self) -> Learned {
        Learned::of(self.shared().refused.all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_the_builder_lacks() {
        let refused = vec![
            RefusedAccess::Read("/etc/a \"b\"".into()),
            RefusedAccess::Write("/srv/data".into()),
            RefusedAccess::Read("/srv/data/x".into()),
            RefusedAccess::Connect(443),
            RefusedAccess::Udp,
            RefusedAccess::UnixSockets,
            RefusedAccess::AddressFamily(16),
        ];
        let expected = r#"    .read("/etc/a \"b\"")
    .write("/srv/data")
    .connect(443)
    .udp(true)
    .unix_sockets(true)
    .address_family(16)
"#;
        assert_eq!(Learned::of(refused).to_string(), expected);
        assert!(Learned::of(Vec::new()).is_empty());
    }

    #[test]
    fn a_folder_stands_for_many_of_its_files_and_the_root_for_none() {
        let files = |folder: &str| {
            let read = |n| RefusedAccess::Read(format!("{folder}{n}").into());
            (0..MANY).map(read).collect::<Vec<_>>()
        };
        assert_eq!(Learned::of(files("/a/b/")).to_string(), "    .read(\"/a/b\")\n");
        assert_eq!(Learned::of(files("/")).permissions.len(), MANY);
    }
}
