//! Which program of a plugin is looked at for a newer version.

use std::sync::{Arc, Weak};

use crate::host::instance::Instance;
use crate::transport::FileId;

/// A program that may be replaced by a newer one.
#[derive(Clone)]
pub(in crate::host) enum ProgramWatch {
    /// The program of an instance.
    Running(Weak<Instance>),
    /// A program that did not start, as it was before: perhaps there was none.
    NotStarted(FileId),
}

impl ProgramWatch {
    /// The file that is in the place of the program now; `None` if it is the same, or if that is not
    /// known. Does blocking I/O.
    pub(in crate::host) fn newer(&self) -> Option<FileId> {
        match self {
            Self::Running(instance) => instance.upgrade()?.newer_program(),
            Self::NotStarted(program) => program.successor(),
        }
    }

    pub(super) fn running(instance: &Arc<Instance>) -> Self {
        Self::Running(Arc::downgrade(instance))
    }
}

impl PartialEq for ProgramWatch {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Running(instance), Self::Running(other)) => Weak::ptr_eq(instance, other),
            (Self::NotStarted(program), Self::NotStarted(other)) => program == other,
            _ => false,
        }
    }
}
