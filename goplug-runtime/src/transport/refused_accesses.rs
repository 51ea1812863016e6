//! What a process asked for in its sandbox and was refused: the lines that its policy lacks.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::limits;

/// An access that a sandbox refuses, and that one of its settings would allow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusedAccess {
    /// To read or execute a file, or to list a folder.
    Read(PathBuf),
    /// To write a file, or to make or remove files in a folder.
    Write(PathBuf),
    /// To connect to a TCP port.
    Connect(u16),
    /// To use UDP.
    Udp,
    /// To connect to Unix sockets of other processes.
    UnixSockets,
    /// To use this family of sockets.
    AddressFamily(i32),
}

/// The accesses that the processes of a plugin were refused, each once.
#[derive(Debug, Default)]
pub struct RefusedAccesses(Mutex<BTreeSet<RefusedAccess>>);

impl RefusedAccesses {
    /// Adds one; nothing happens if there are [`limits::MAX_LEARNED`] of them.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux tells"))]
    pub(in crate::transport) fn add(&self, access: RefusedAccess) {
        let mut known = self.lock();
        if known.len() < limits::MAX_LEARNED {
            known.insert(access);
        }
    }

    /// All of them, in order.
    pub fn all(&self) -> Vec<RefusedAccess> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<RefusedAccess>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
