//! What a plugin asks of its host beside services, as the macros write it into a program.

use crate::protocol::Permissions;

/// What a plugin asks of its host beside services: see [`Permissions`].
#[derive(Clone, Copy, Debug)]
pub struct PermissionsSpec {
    /// Files and folders to read.
    pub read: &'static [&'static str],
    /// Files and folders to read and write.
    pub write: &'static [&'static str],
    /// TCP ports to connect to.
    pub connect: &'static [u16],
    /// Whether it uses UDP.
    pub udp: bool,
    /// Whether it connects to Unix sockets of other processes.
    pub unix_sockets: bool,
    /// How many bytes of memory it needs.
    pub memory: Option<u64>,
}

impl PermissionsSpec {
    /// Of a plugin that asks for nothing.
    pub const NONE: Self =
        Self { read: &[], write: &[], connect: &[], udp: false, unix_sockets: false, memory: None };

    /// The permissions as a descriptor says them.
    pub fn descriptor(&self) -> Permissions {
        let paths = |paths: &[&str]| paths.iter().map(ToString::to_string).collect();
        Permissions {
            read: paths(self.read),
            write: paths(self.write),
            connect: self.connect.to_vec(),
            udp: self.udp,
            unix_sockets: self.unix_sockets,
            memory: self.memory,
        }
    }
}
