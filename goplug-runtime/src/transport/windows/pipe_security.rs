//! Who may use a pipe of this process: this user, and Windows itself.
//!
//! By default everybody could read from a pipe, and administrators and services could connect.

// tokio takes the attributes by address.
#![allow(unsafe_code)]

use std::io;
use std::path::Path;
use std::ptr::from_ref;

use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};

use super::sddl::NewDescriptor;
use super::sid::Sid;

/// How many bytes the system keeps in each direction before a writer has to wait.
const BUFFER: u32 = 64 << 10;

/// A new instance of the pipe at `path`, for clients of this machine alone. Needs a runtime with I/O.
///
/// # Errors
/// The system's error; [`PermissionDenied`](io::ErrorKind::PermissionDenied) if the instance is to be the
/// pipe's first and there is one.
pub(super) fn create_instance(path: &Path, is_first: bool) -> io::Result<NamedPipeServer> {
    let descriptor = NewDescriptor::parse(&sddl(Sid::of_this_process()?))?;
    let attributes = from_ref(descriptor.attributes()).cast_mut().cast();
    // SAFETY: the structure and the descriptor that it names live during the call.
    unsafe { options(is_first).create_with_security_attributes_raw(path, attributes) }
}

fn options(is_first: bool) -> ServerOptions {
    let mut options = ServerOptions::new();
    options.first_pipe_instance(is_first).reject_remote_clients(true);
    options.in_buffer_size(BUFFER).out_buffer_size(BUFFER);
    options
}

/// The descriptor as a text: this user is the owner, it and the system may do everything and nobody else
/// anything, and nothing is inherited.
fn sddl(user: &Sid) -> String {
    format!("O:{user}D:P(A;;GA;;;{user})(A;;GA;;;SY)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::socket_path;
    use crate::transport::windows::security_descriptor::SecurityDescriptor;

    #[tokio::test]
    async fn nobody_but_this_user_and_the_system_may_use_a_pipe() {
        let path = socket_path(Path::new(""), "");
        let pipe = create_instance(&path, true).unwrap();
        let own = Sid::of_this_process().unwrap();
        let descriptor = SecurityDescriptor::of(&pipe).unwrap();
        assert_eq!(descriptor.owner, *own);
        let granted = descriptor.grants.expect("a list");
        let [first, second] = &granted[..] else { panic!("{granted:?}") };
        assert_eq!(first.to, *own);
        assert!(second.to.is_system(), "{granted:?}");
    }

    /// Not everything that runs programs of Windows refuses a second first instance.
    #[test]
    fn the_first_instance_is_asked_for_and_remote_clients_are_not_let_in() {
        for is_first in [true, false] {
            let shown = format!("{:?}", options(is_first));
            assert!(shown.contains(&format!("first_pipe_instance: {is_first}")), "{shown}");
            assert!(shown.contains("reject_remote_clients: true"), "{shown}");
        }
    }
}
