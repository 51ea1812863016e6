//! What a sandboxed process may do. Each system enforces it as it can.

use std::path::PathBuf;

/// What a process may access beyond the files that every program needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SandboxRules {
    /// Files and folders that it may read and execute.
    pub read: Vec<PathBuf>,
    /// Files and folders that it may read and write, but not execute.
    pub write: Vec<PathBuf>,
    /// Files and folders that it asked for and is granted.
    pub granted: Vec<GrantedPath>,
    /// Its use of TCP.
    pub tcp: Tcp,
    /// Whether it may use UDP.
    pub udp: bool,
    /// Whether it may connect and send to Unix sockets of other processes.
    pub unix_sockets: bool,
    /// Families of sockets, by the system's numbers, that it may use with all their types and protocols.
    pub address_families: Vec<i32>,
}

/// A file or folder that a process is granted. It is granted nothing that takes its place meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedPath {
    /// Its absolute path without links.
    pub path: PathBuf,
    /// What the process may do with it.
    pub access: GrantedAccess,
}

/// What a process may do with a file, and with all files beneath a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantedAccess {
    /// Read it, and not execute it.
    Read,
    /// Read and write it, and not execute it.
    Write,
}

/// A process's use of TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tcp {
    /// It may connect to every port, and listen.
    Any,
    /// It may connect to these ports, and not listen.
    Ports(Vec<u16>),
}

impl Default for Tcp {
    fn default() -> Self {
        Self::Ports(Vec::new())
    }
}
