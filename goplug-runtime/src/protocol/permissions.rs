//! What a plugin asks of its host beside services: files, sockets, memory.
//!
//! - An author writes it in the attribute, beside the services:
//!   `#[goplug::plugin(needs(Database), permissions(read = ["/usr/share/dict"], connect = [587]))]`.
//! - It stands in the `.pconf`, as `Permissions`, so that it is known before a process is started and is
//!   covered by a signature; and in the descriptor, for people and tools.
//! - The host's policy is the most that a plugin can be granted. What is granted is what is asked and allowed:
//!   files within files, ports among ports, the smaller memory. Nothing asked is nothing granted.
//! - What is asked and not allowed is an error before the start, or an event and a start with less.
//! - A new version that asks for more than the running one waits until the host consents.
//!
//! [`Permissions`] is what a file says, [`Permission`] a single permission of a process, with its path as the
//! system found it. Who grants what is the host's: `host/instance/grant`.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::null;
use super::visible::OneLine;

/// The most permissions that a `.pconf` may ask for.
pub const MAX_PERMISSIONS: usize = 256;

/// The longest path, in bytes: no system opens a longer one.
const MAX_PATH: usize = 4096;

/// What a plugin asks of its host beside services, as its `.pconf` and its descriptor say.
///
/// A path is absolute, or begins with `~/`, which is the home folder (`HOME` in the plugin's environment), or
/// is relative to the folder in which the plugin starts: that of its `.pconf`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Permissions {
    /// Files to read, and folders to read all files beneath.
    #[serde(default, deserialize_with = "null::or_members", skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    /// Files to read and write, and folders to read, write, make and remove all files beneath.
    #[serde(default, deserialize_with = "null::or_members", skip_serializing_if = "Vec::is_empty")]
    pub write: Vec<String>,
    /// TCP ports to connect to, of any host.
    #[serde(default, deserialize_with = "null::or_members", skip_serializing_if = "Vec::is_empty")]
    pub connect: Vec<u16>,
    /// Whether it sends and receives by UDP, which most programs also need for DNS.
    #[serde(default, deserialize_with = "null::or_default", skip_serializing_if = "is_false")]
    pub udp: bool,
    /// Whether it connects to Unix sockets of other processes.
    #[serde(default, deserialize_with = "null::or_default", skip_serializing_if = "is_false")]
    pub unix_sockets: bool,
    /// How many bytes of memory it needs at the most, with the processes that it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Permissions {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Each permission by itself, with its path as it is written.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        let read = self.read.iter().map(|path| Permission::Read(path.into()));
        let write = self.write.iter().map(|path| Permission::Write(path.into()));
        let connect = self.connect.iter().map(|port| Permission::Connect(*port));
        let udp = self.udp.then_some(Permission::Udp);
        let unix_sockets = self.unix_sockets.then_some(Permission::UnixSockets);
        let memory = self.memory.map(Permission::Memory);
        read.chain(write).chain(connect).chain(udp).chain(unix_sockets).chain(memory)
    }

    /// Checks what a `.pconf` asks for.
    ///
    /// # Errors
    /// What cannot be asked for, and why, for people.
    pub(super) fn check(&self) -> Result<(), String> {
        let count = self.read.len() + self.write.len() + self.connect.len();
        if count > MAX_PERMISSIONS {
            return Err(format!("there are more than {MAX_PERMISSIONS}"));
        }
        for (key, paths) in [("read", &self.read), ("write", &self.write)] {
            for path in paths {
                check_path(path).map_err(|reason| format!("{key}: {path:?} {reason}"))?;
            }
        }
        match (&self.connect, self.memory) {
            (ports, _) if ports.contains(&0) => Err("connect: there is no port 0".into()),
            (_, Some(0)) => Err("memory: no program runs in 0 bytes".into()),
            _ => Ok(()),
        }
    }
}

/// # Errors
/// Why it is no path that can be asked for.
fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("is no path");
    }
    if path.contains('\0') {
        return Err("holds a zero byte");
    }
    if path.len() > MAX_PATH {
        return Err("is longer than a path can be");
    }
    if path.starts_with('~') && !path.starts_with("~/") {
        return Err("names no home folder: only `~/`, that of the plugin's user, is known");
    }
    match Path::new(path).components().any(|part| part == Component::ParentDir) {
        true => Err("has `..` in it"),
        false => Ok(()),
    }
}

/// A single permission: of a plugin's process, or one that it asks for.
///
/// The path of a permission that is granted or denied is absolute and without links, as the system found it. A
/// host may store it, as JSON for example, unless its path is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Permission {
    /// To read a file, or all files beneath a folder.
    Read(PathBuf),
    /// To read and write a file, or to read, write, make and remove all files beneath a folder.
    Write(PathBuf),
    /// To connect to this TCP port of any host.
    Connect(u16),
    /// To use UDP.
    Udp,
    /// To connect to Unix sockets of other processes.
    UnixSockets,
    /// To use so many bytes of memory.
    Memory(u64),
    /// To call a service of the host: the name of a contract, or of a plugin with its namespace.
    Service(String),
}

impl Permission {
    /// Whether it allows everything that the other one does.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Write(this), Self::Read(other) | Self::Write(other))
            | (Self::Read(this), Self::Read(other)) => other.starts_with(this),
            (Self::Memory(this), Self::Memory(other)) => this >= other,
            _ => self == other,
        }
    }

    /// These permissions in a sentence: `read /a, connect to port 587`.
    pub(crate) fn list(permissions: &[Self]) -> String {
        let texts: Vec<_> = permissions.iter().map(ToString::to_string).collect();
        texts.join(", ")
    }

    /// How many bytes of text it has.
    #[cfg(feature = "host")]
    pub(crate) fn text_len(&self) -> usize {
        match self {
            Self::Read(path) | Self::Write(path) => path.as_os_str().len(),
            Self::Service(name) => name.len(),
            Self::Connect(_) | Self::Udp | Self::UnixSockets | Self::Memory(_) => 0,
        }
    }
}

/// For people: `read /usr/share/dict`, `connect to port 587`.
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path) => write!(f, "read {}", OneLine(path.display())),
            Self::Write(path) => write!(f, "write {}", OneLine(path.display())),
            Self::Connect(port) => write!(f, "connect to port {port}"),
            Self::Udp => f.write_str("use UDP"),
            Self::UnixSockets => f.write_str("connect to Unix sockets"),
            Self::Memory(bytes) => write!(f, "use {} of memory", Size(*bytes)),
            Self::Service(name) => write!(f, "call the service {}", OneLine(name)),
        }
    }
}

/// A number of bytes, for people: in the largest unit of which it is a whole number.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
        let whole = |(shift, _): &(u32, &str)| self.0 != 0 && self.0.trailing_zeros() >= *shift;
        match units.into_iter().find(whole) {
            Some((shift, unit)) => write!(f, "{} {unit}", self.0 >> shift),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_means_another_place_for_each_reader_is_refused() {
        for path in ["", "a\0b", "../x", "/a/../b", "a/..", "~", "~root/x", &"x".repeat(5000)] {
            assert!(check_path(path).is_err(), "{path}");
        }
        for path in ["/", "/usr/share", "~/", "~/.config/acme", "data", "./data", "a~b", "..."] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn a_folder_covers_what_is_beneath_it_and_writing_covers_reading() {
        use Permission::{Connect, Memory, Read, Udp, Write};
        let path = PathBuf::from;
        assert!(Read(path("/a")).covers(&Read(path("/a/b"))));
        assert!(Write(path("/a")).covers(&Read(path("/a"))));
        assert!(!Read(path("/a")).covers(&Write(path("/a"))));
        assert!(!Read(path("/a")).covers(&Read(path("/ab"))));
        assert!(!Read(path("/a/b")).covers(&Read(path("/a"))));
        assert!(Memory(2).covers(&Memory(1)) && !Memory(1).covers(&Memory(2)));
        assert!(Connect(1).covers(&Connect(1)) && !Connect(1).covers(&Connect(2)));
        assert!(!Udp.covers(&Connect(1)));
    }

    #[test]
    fn a_permission_is_a_line_for_people() {
        let texts = |list: &[Permission]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let list = [
            Permission::Read("/a\nb".into()),
            Permission::Connect(587),
            Permission::Memory(256 << 20),
            Permission::Memory(1000),
        ];
        let expected = [
            r"read /a\u{a}b",
            "connect to port 587",
            "use 256 MiB of memory",
            "use 1000 bytes of memory",
        ];
        assert_eq!(texts(&list), expected);
    }
}
