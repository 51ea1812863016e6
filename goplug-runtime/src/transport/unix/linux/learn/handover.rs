//! The way of a filter's descriptor from the new process, which has installed the filter, to the host.

// The new process can only make raw calls.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

/// Room for a control message with one descriptor, aligned as the kernel asks for.
#[repr(C, align(8))]
struct Control([u8; 64]);

/// Sends a descriptor. Returns -1 if that fails. It neither allocates nor locks.
///
/// # Safety
/// To be called in the new process, with open descriptors.
pub(in crate::transport::unix::linux) unsafe fn send(
    socket: RawFd,
    descriptor: RawFd,
) -> libc::c_int {
    let mut byte = 0_u8;
    let mut control = Control([0; 64]);
    let mut part = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // SAFETY: any zeros are such a struct. The message lies in the control memory, which has room for it, and all
    // that it points to lives until the call has returned.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        (message.msg_iov, message.msg_iovlen) = (&raw mut part, 1);
        message.msg_control = (&raw mut control).cast();
        message.msg_controllen = libc::CMSG_SPACE(size_of::<RawFd>() as u32) as usize;
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<RawFd>() as u32) as usize;
        libc::CMSG_DATA(header).cast::<RawFd>().write_unaligned(descriptor);
        if libc::sendmsg(socket, &raw const message, libc::MSG_NOSIGNAL) == 1 { 0 } else { -1 }
    }
}

/// Receives a descriptor; `None` if every copy of the socket's other end is closed. Blocks until then.
///
/// # Errors
/// The system's error.
pub(super) fn receive(socket: BorrowedFd<'_>) -> io::Result<Option<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    rustix::io::retry_on_intr(|| {
        recvmsg(socket, &mut [io::IoSliceMut::new(&mut [0])], &mut control, RecvFlags::CMSG_CLOEXEC)
    })?;
    Ok(control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    }))
}
