//! What the file system of a file allows.

use std::fs::File;

/// Whether the file system of a file lets nothing run.
pub(in crate::transport::unix) fn is_noexec(file: &File) -> bool {
    let noexec = libc::MNT_NOEXEC.cast_unsigned();
    rustix::fs::fstatfs(file).is_ok_and(|found| found.f_flags & noexec != 0)
}
