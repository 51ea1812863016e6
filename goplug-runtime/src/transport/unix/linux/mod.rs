//! What only Linux has, or has in a way of its own.
//!
//! The rest of `unix` calls this folder `system`, and expects the same names of the folder of each other
//! system. Imports the files beside the folder.

mod access_list;
#[cfg(feature = "plugin")]
mod affinity;
#[cfg(feature = "host")]
mod cgroup;
#[cfg(feature = "host")]
mod credentials;
#[cfg(feature = "host")]
mod elf;
#[cfg(feature = "host")]
mod folder_events;
#[cfg(feature = "host")]
mod fork;
#[cfg(feature = "host")]
mod landlock;
#[cfg(feature = "host")]
#[cfg_attr(
    not(all(
        any(target_arch = "aarch64", target_arch = "x86_64"),
        target_endian = "little",
        target_pointer_width = "64"
    )),
    path = "no_learn.rs"
)]
mod learn;
#[cfg(feature = "host")]
mod mounts;
#[cfg(feature = "host")]
mod own_program;
#[cfg(feature = "host")]
mod pidfd;
#[cfg(feature = "host")]
mod process_fd;
#[cfg(any(feature = "host", feature = "plugin"))]
mod process_files;
#[cfg(feature = "plugin")]
mod process_group;
#[cfg(feature = "host")]
mod process_state;
#[cfg(feature = "host")]
mod process_usage;
#[cfg(any(feature = "host", feature = "plugin"))]
mod random;
#[cfg(feature = "host")]
mod sandbox;
#[cfg(feature = "host")]
#[cfg_attr(
    not(all(
        any(target_arch = "aarch64", target_arch = "x86_64"),
        target_endian = "little",
        target_pointer_width = "64"
    )),
    path = "no_seccomp.rs"
)]
mod seccomp;
mod sockets;
#[cfg(any(feature = "host", feature = "plugin"))]
mod status;
#[cfg(feature = "plugin")]
mod wake;

#[cfg(feature = "host")]
pub use cgroup::Cgroup;
#[cfg(feature = "host")]
pub use folder_events::FolderEvents;
#[cfg(feature = "host")]
pub use own_program::own_program;
#[cfg(feature = "host")]
pub use sandbox::Ruleset;
pub use sockets::MAX_PATH;
#[cfg(feature = "plugin")]
pub use status::ends_with_parent;

pub(super) use access_list::has_access_list;
#[cfg(feature = "plugin")]
pub(super) use affinity::may_run_on_several;
#[cfg(feature = "host")]
pub(super) use credentials::peer_of;
#[cfg(feature = "host")]
pub(super) use elf::{loader, recognise};
#[cfg(feature = "host")]
pub(super) use fork::start_process;
#[cfg(feature = "host")]
pub(super) use mounts::is_noexec;
#[cfg(feature = "host")]
pub(super) use process_fd::ProcessFd;
#[cfg(feature = "plugin")]
pub(super) use process_group::is_alone_in_group;
#[cfg(any(feature = "host", feature = "plugin"))]
pub(super) use random::fill_random;
#[cfg(feature = "host")]
pub(super) use sandbox::Confinement;
#[cfg(feature = "plugin")]
pub(super) use sockets::END;
#[cfg(any(feature = "host", feature = "plugin"))]
pub(super) use sockets::is_listener;
pub(super) use sockets::{NO_SIGNAL, bind_private, new_socket, prepare_accepted};
#[cfg(feature = "host")]
pub(super) use sockets::{accept, new_blocking_socket};
#[cfg(feature = "plugin")]
pub(super) use status::ignores;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use status::is_traced;
#[cfg(feature = "plugin")]
pub(super) use wake::Wake;

/// Whether `/etc` says who is in a group, unless `/etc/nsswitch.conf` says otherwise.
pub(super) const GROUPS_ARE_IN_ETC: bool = true;

/// Whether an open file can be run itself, whatever is at its path by then.
#[cfg(feature = "host")]
pub(super) const RUNS_OPEN_FILES: bool = true;

/// Further errors of reading a file that say nothing about the file.
#[cfg(feature = "host")]
pub(super) const PASSING: &[rustix::io::Errno] = &[rustix::io::Errno::REMOTEIO];
