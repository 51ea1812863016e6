//! What only macOS has, or has in a way of its own. It type checks; it has never run.
//!
//! The rest of `unix` calls this folder `system`, and expects the same names of the folder of each other
//! system. Imports the files beside the folder.

#[cfg(feature = "host")]
mod cgroup;
#[cfg(feature = "host")]
mod credentials;
#[cfg(feature = "host")]
mod folder_events;
#[cfg(feature = "host")]
mod fork;
#[cfg(feature = "host")]
mod mach_o;
#[cfg(feature = "host")]
mod mounts;
#[cfg(any(feature = "host", feature = "plugin"))]
mod options;
#[cfg(feature = "host")]
mod own_program;
#[cfg(feature = "host")]
mod process_fd;
#[cfg(any(feature = "host", feature = "plugin"))]
mod process_info;
#[cfg(any(feature = "host", feature = "plugin"))]
mod random;
#[cfg(feature = "host")]
mod sandbox;
#[cfg(feature = "plugin")]
mod signals;
mod sockets;
#[cfg(feature = "plugin")]
mod wake;

#[cfg(feature = "host")]
pub use crate::transport::no_cgroup::Cgroup;
#[cfg(feature = "host")]
pub use folder_events::FolderEvents;
#[cfg(feature = "host")]
pub use own_program::own_program;
#[cfg(feature = "host")]
pub use sandbox::Ruleset;
#[cfg(feature = "plugin")]
pub use signals::ends_with_parent;
pub use sockets::MAX_PATH;

#[cfg(feature = "host")]
pub(super) use credentials::peer_of;
#[cfg(feature = "host")]
pub(super) use fork::start_process;
#[cfg(feature = "host")]
pub(super) use mach_o::{RUNS_OPEN_FILES, loader, recognise};
#[cfg(feature = "host")]
pub(super) use mounts::is_noexec;
#[cfg(feature = "host")]
pub(super) use process_fd::ProcessFd;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use process_info::is_traced;
#[cfg(any(feature = "host", feature = "plugin"))]
pub(super) use random::fill_random;
#[cfg(feature = "host")]
pub(super) use sandbox::Confinement;
#[cfg(feature = "plugin")]
pub(super) use signals::ignores;
#[cfg(feature = "plugin")]
pub(super) use sockets::END;
#[cfg(any(feature = "host", feature = "plugin"))]
pub(super) use sockets::is_listener;
pub(super) use sockets::{NO_SIGNAL, bind_private, new_socket, prepare_accepted};
#[cfg(feature = "host")]
pub(super) use sockets::{accept, new_blocking_socket};
#[cfg(feature = "plugin")]
pub(super) use wake::Wake;

/// Whether `/etc` says who is in a group. Open Directory does.
pub(super) const GROUPS_ARE_IN_ETC: bool = false;

/// Whether an open file has an access list. It is asked only where a group is known to be private, which
/// is never the case here.
pub(super) const fn has_access_list(_file: &std::fs::File) -> rustix::io::Result<bool> {
    Ok(true)
}

/// Further errors of reading a file that say nothing about the file.
#[cfg(feature = "host")]
pub(super) const PASSING: &[rustix::io::Errno] = &[];

/// Whether this process may run on several processors.
#[cfg(feature = "plugin")]
pub(super) fn may_run_on_several() -> bool {
    std::thread::available_parallelism().map_or(true, |processors| processors.get() > 1)
}

/// Whether no other process of the group of this one is known to run: that is never known.
#[cfg(feature = "plugin")]
pub(super) fn is_alone_in_group() -> bool {
    false
}
