//! The system calls that a learning sandbox hears of, and what each asks for.

use libc::c_long;

/// What a call does with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathUse {
    /// It opens the file, with the flags in this argument.
    Open(u32),
    /// The same, with the flags at the beginning of the memory to which this argument points.
    OpenHow(u32),
    /// It opens the file for writing, and makes it.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "there is no such call"))]
    Create,
    /// It executes the file.
    Execute,
    /// It writes the file.
    Write,
    /// It makes or removes the path's last part.
    Name,
}

/// An argument that is a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathArgument {
    pub(super) call: c_long,
    /// The argument with the folder in which a relative path begins; the working folder without one.
    pub(super) folder: Option<u32>,
    pub(super) path: u32,
    pub(super) used: PathUse,
}

const fn at(call: c_long, folder: u32, used: PathUse) -> PathArgument {
    PathArgument { call, folder: Some(folder), path: folder + 1, used }
}

/// The calls of every architecture.
const AT: &[PathArgument] = &[
    at(libc::SYS_openat, 0, PathUse::Open(2)),
    at(libc::SYS_openat2, 0, PathUse::OpenHow(2)),
    at(libc::SYS_execveat, 0, PathUse::Execute),
    at(libc::SYS_mkdirat, 0, PathUse::Name),
    at(libc::SYS_mknodat, 0, PathUse::Name),
    at(libc::SYS_unlinkat, 0, PathUse::Name),
    at(libc::SYS_symlinkat, 1, PathUse::Name),
    at(libc::SYS_linkat, 2, PathUse::Name),
    at(libc::SYS_renameat, 0, PathUse::Name),
    at(libc::SYS_renameat, 2, PathUse::Name),
    at(libc::SYS_renameat2, 0, PathUse::Name),
    at(libc::SYS_renameat2, 2, PathUse::Name),
    plain(libc::SYS_execve, 0, PathUse::Execute),
    plain(libc::SYS_truncate, 0, PathUse::Write),
];

const fn plain(call: c_long, path: u32, used: PathUse) -> PathArgument {
    PathArgument { call, folder: None, path, used }
}

/// The older calls, which have no folder.
#[cfg(target_arch = "x86_64")]
const PLAIN: &[PathArgument] = &[
    plain(libc::SYS_open, 0, PathUse::Open(1)),
    plain(libc::SYS_creat, 0, PathUse::Create),
    plain(libc::SYS_mkdir, 0, PathUse::Name),
    plain(libc::SYS_mknod, 0, PathUse::Name),
    plain(libc::SYS_rmdir, 0, PathUse::Name),
    plain(libc::SYS_unlink, 0, PathUse::Name),
    plain(libc::SYS_symlink, 1, PathUse::Name),
    plain(libc::SYS_link, 1, PathUse::Name),
    plain(libc::SYS_rename, 0, PathUse::Name),
    plain(libc::SYS_rename, 1, PathUse::Name),
];
#[cfg(not(target_arch = "x86_64"))]
const PLAIN: &[PathArgument] = &[];

/// The arguments that are paths.
pub(super) fn path_arguments() -> impl Iterator<Item = &'static PathArgument> {
    AT.iter().chain(PLAIN)
}

/// The calls that a supervisor is told of whatever their arguments are.
pub(in crate::transport::unix::linux) fn told() -> Vec<c_long> {
    let mut calls: Vec<_> = path_arguments().map(|argument| argument.call).collect();
    calls.push(libc::SYS_connect);
    calls.sort_unstable();
    calls.dedup();
    calls
}
