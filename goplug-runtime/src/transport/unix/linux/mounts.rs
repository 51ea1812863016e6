//! What the file system of a file allows.

use std::fs::File;

use rustix::fs::StatVfsMountFlags;

/// Whether the file system of a file lets nothing run.
pub(in crate::transport::unix) fn is_noexec(file: &File) -> bool {
    rustix::fs::fstatvfs(file).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::NOEXEC))
}
