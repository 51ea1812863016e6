//! What this machine offers, and what hosts have left behind on it.

use super::finding::Finding;
use crate::system::{
    HostFolders, Limit, Remedy, TEMP_VARIABLE, as_root, limits, longest_socket_path,
    remove_folders, temp_dir, temp_dir_remedy, temporary_folder,
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
    let temp = temp_dir();
    let shown = temp.display();
    let typed = temp_dir_remedy(&temp);
    if let Err(error) = temporary_folder() {
        return Finding::ill(
            TEMP_VARIABLE,
            format!("in {shown} no folder can be made: {error}"),
            typed,
        );
    }
    let Some(longest) = longest_socket_path() else {
        return Finding::well(TEMP_VARIABLE, shown.to_string());
    };
    let length = temp.as_os_str().len();
    let found = format!("{shown}, {length} bytes; a socket's path has at most {longest}");
    Finding::of(length + REST <= longest, TEMP_VARIABLE, found, typed)
}

fn host_folders() -> Finding {
    let HostFolders { serving, dead } = HostFolders::find();
    let found =
        format!("hosts with sockets: {serving}; folders of hosts that are gone: {}", dead.len());
    Finding::of(dead.is_empty(), "sockets", found, remove_folders(&dead))
}
