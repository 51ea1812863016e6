//! Sending several parts with one system call.

use std::io::IoSlice;
use std::os::fd::AsFd;

use rustix::net::{SendAncillaryBuffer, SendFlags};

/// Up to this many bytes, several parts are copied into one: the kernel needs less time for `send`
/// than for `sendmsg`.
pub(super) const MAX_JOINED: usize = 512;

/// The length of all parts together, in bytes.
pub(super) fn length(parts: &[IoSlice<'_>]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// Sends the parts, or as much of them as the socket has room for. Returns the number of bytes
/// that were sent.
pub(super) fn send(
    socket: impl AsFd,
    parts: &[IoSlice<'_>],
    flags: SendFlags,
) -> rustix::io::Result<usize> {
    match parts {
        [part, rest @ ..] if rest.iter().all(|part| part.is_empty()) => {
            rustix::net::send(socket, part, flags)
        }
        _ if length(parts) <= MAX_JOINED => {
            let (mut bytes, mut end) = ([0; MAX_JOINED], 0);
            for part in parts {
                bytes[end..end + part.len()].copy_from_slice(part);
                end += part.len();
            }
            rustix::net::send(socket, &bytes[..end], flags)
        }
        _ => rustix::net::sendmsg(socket, parts, &mut SendAncillaryBuffer::default(), flags),
    }
}
