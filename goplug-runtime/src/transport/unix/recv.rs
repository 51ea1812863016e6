//! Receiving into memory that is not initialised.

use std::os::fd::AsFd;

use rustix::net::RecvFlags;

/// Receives at most `limit` bytes, and appends them to `target` without growing it. Returns their
/// number; zero is the end of the stream.
pub(super) fn recv_into(
    socket: impl AsFd,
    target: &mut Vec<u8>,
    limit: usize,
    flags: RecvFlags,
) -> rustix::io::Result<usize> {
    let spare = target.spare_capacity_mut();
    let limit = limit.min(spare.len());
    let ((received, _), _) = rustix::net::recv(socket, &mut spare[..limit], flags)?;
    let count = received.len();
    let filled = target.len() + count;
    // SAFETY: `recv` has initialised this many bytes after those that were there.
    #[allow(unsafe_code)]
    unsafe {
        target.set_len(filled);
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn no_more_is_received_than_the_limit_and_the_capacity() {
        let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        ours.write_all(b"abcdefgh").unwrap();
        let mut target = Vec::with_capacity(6);
        target.push(b'-');
        assert_eq!(recv_into(&theirs, &mut target, 2, RecvFlags::empty()).unwrap(), 2);
        assert_eq!(target, b"-ab");
        let rest = target.capacity() - target.len();
        let received = recv_into(&theirs, &mut target, usize::MAX, RecvFlags::empty()).unwrap();
        assert_eq!(received, rest.min(6));
        drop(ours);
        target.clear();
        while recv_into(&theirs, &mut target, 6, RecvFlags::empty()).unwrap() > 0 {
            target.clear();
        }
        assert!(target.is_empty());
    }
}
