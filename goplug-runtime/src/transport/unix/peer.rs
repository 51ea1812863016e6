//! The credentials of a connection's peer, as the kernel reports them.

use std::io;

use tokio::net::UnixStream;

/// The user and process at the other end of a connection, at the time when it
/// connected or began to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The effective user id.
    pub uid: u32,
    /// The effective group id.
    pub gid: u32,
    /// The process id, if the system reports it. The process may have ended, and its number may
    /// belong to another process by now: it is for people, not for decisions.
    pub pid: Option<i32>,
}

impl Peer {
    /// Asks the kernel for the credentials of a stream's peer.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        // The kernel answers 0 for a process that this one cannot see.
        let pid = credentials.pid().filter(|pid| *pid > 0);
        Ok(Self { uid: credentials.uid(), gid: credentials.gid(), pid })
    }

    /// Whether this process accepts the peer: it runs as the same user, or as root, which can do
    /// everything anyway.
    pub fn is_trusted(&self) -> bool {
        self.uid == own_uid() || self.uid == 0
    }

    /// Refuses a listener that is not trusted.
    ///
    /// # Errors
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied), with the number of the user.
    pub fn check_listener(&self) -> io::Result<()> {
        if self.is_trusted() {
            return Ok(());
        }
        let text = format!("another user listens on the socket (uid {})", self.uid);
        Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
    }
}

/// The effective user id of this process.
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(uid: u32) -> Peer {
        Peer { uid, gid: 0, pid: None }
    }

    #[test]
    fn the_same_user_and_root_are_trusted() {
        assert!(user(own_uid()).is_trusted());
        assert!(user(0).is_trusted());
    }

    #[test]
    fn another_user_is_not_trusted() {
        assert!(!user(own_uid() + 1).is_trusted());
    }

    #[tokio::test]
    async fn both_ends_of_a_pair_are_this_process() {
        let (a, b) = UnixStream::pair().unwrap();
        assert_eq!(Peer::of(&a).unwrap(), Peer::of(&b).unwrap());
        assert_eq!(Peer::of(&a).unwrap().uid, own_uid());
    }
}
