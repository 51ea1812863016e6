//! Who serves a socket.

/// The process that listens on a socket, where the system tells its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) pid: Option<u32>,
}
