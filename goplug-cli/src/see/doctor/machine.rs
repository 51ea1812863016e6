//! What this machine offers, and what hosts have left behind on it.

use super::finding::Finding;
use crate::system::{HostFolders, limits, longest_socket_path, temp_dir};

/// How long the rest of a socket's path is at the most: the folder's name, and the number of the socket.
const REST: usize = 32;

pub(super) fn look() -> Vec<Finding> {
    let mut findings = vec![temporary_folder(), host_folders()];
    findings.extend(
        limits()
            .into_iter()
            .map(|limit| Finding::of(limit.is_enough, limit.what, limit.found, limit.remedy)),
    );
    findings
}

fn temporary_folder() -> Finding {
    let (temp, longest) = (temp_dir(), longest_socket_path());
    let length = temp.as_os_str().len();
    let found =
        format!("{}, {length} bytes; a socket's path has at most {longest}", temp.display());
    Finding::of(length + REST <= longest, "TMPDIR", found, "export TMPDIR=/tmp")
}

fn host_folders() -> Finding {
    let HostFolders { serving, dead } = HostFolders::find();
    let dead: Vec<_> = dead.iter().map(|folder| folder.display().to_string()).collect();
    let found =
        format!("hosts with sockets: {serving}; folders of hosts that are gone: {}", dead.len());
    Finding::of(dead.is_empty(), "sockets", found, format!("rm -r {}", dead.join(" ")))
}
