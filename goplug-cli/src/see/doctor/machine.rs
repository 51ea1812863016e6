//! What this machine offers, and what hosts have left behind on it.

use super::finding::Finding;
use super::remedy::{as_root, word};
use crate::system::{
    HostFolders, Limit, Remedy, limits, longest_socket_path, temp_dir, temporary_folder,
};

/// How long the rest of a socket's path is at the most: the folder's name, and the number of the socket.
const REST: usize = 32;

pub(super) fn look() -> Vec<Finding> {
    let mut findings = vec![tmpdir(), host_folders()];
    findings.extend(limits().into_iter().map(limit));
    findings
}

fn limit(limit: Limit) -> Finding {
    let Limit { what, found, is_enough, remedy } = limit;
    let typed = match remedy {
        Remedy::Anybody(command) => command,
        Remedy::Root(command) => as_root(&command),
    };
    Finding::of(is_enough, what, found, typed)
}

fn tmpdir() -> Finding {
    let (temp, longest) = (temp_dir(), longest_socket_path());
    let shown = temp.display();
    let typed = match temp.to_str() {
        Some("/tmp") => "mkdir -p ~/tmp && export TMPDIR=~/tmp",
        _ => "export TMPDIR=/tmp",
    };
    if let Err(error) = temporary_folder() {
        return Finding::ill("TMPDIR", format!("in {shown} no folder can be made: {error}"), typed);
    }
    let length = temp.as_os_str().len();
    let found = format!("{shown}, {length} bytes; a socket's path has at most {longest}");
    Finding::of(length + REST <= longest, "TMPDIR", found, typed)
}

fn host_folders() -> Finding {
    let HostFolders { serving, dead } = HostFolders::find();
    let words: Vec<_> = dead.iter().map(|folder| word(folder)).collect();
    let found =
        format!("hosts with sockets: {serving}; folders of hosts that are gone: {}", dead.len());
    Finding::of(dead.is_empty(), "sockets", found, format!("rm -r {}", words.join(" ")))
}
