//! Who is at the other end of a pipe, as Windows reports it.

use std::fmt;
use std::io;
use std::os::windows::io::BorrowedHandle;

use super::pipe_calls::client_process;
#[cfg(feature = "host")]
use super::pipe_calls::server_process;
#[cfg(feature = "host")]
use super::security_descriptor::SecurityDescriptor;
use super::sid::Sid;

/// The process and the user at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The process id, if the system reports it. The process may have ended, and its number may
    /// belong to another process by now: it is for people, not for decisions.
    pub pid: Option<i32>,
    /// The user; `None` if this process may not know.
    user: Option<Sid>,
}

impl Peer {
    /// The process that has connected to a pipe, and its user. The pipe itself lets nobody in but this
    /// user and the system.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn client_of(pipe: BorrowedHandle<'_>) -> io::Result<Self> {
        let pid = client_process(pipe)?;
        Ok(Self { pid: i32::try_from(pid).ok(), user: Sid::of_process(pid).ok() })
    }

    /// The process that serves a pipe, and the pipe's owner: only a user that has made a pipe can be its
    /// owner, whatever process serves it.
    ///
    /// # Errors
    /// The system's error.
    #[cfg(feature = "host")]
    pub(super) fn server_of(pipe: BorrowedHandle<'_>) -> io::Result<Self> {
        let pid = server_process(pipe)?;
        let owner = SecurityDescriptor::of(&pipe)?.owner;
        Ok(Self { pid: i32::try_from(pid).ok(), user: Some(owner) })
    }

    /// Whether this process accepts the peer: it runs as the same user, as Windows itself, or with the
    /// rights of an administrator, who can do everything anyway.
    pub fn is_trusted(&self) -> bool {
        self.user.as_ref().is_some_and(|user| {
            user.is_system()
                || user.is_administrators()
                || Sid::of_this_process().is_ok_and(|own| own == user)
        })
    }

    /// Refuses a listener that is not trusted.
    ///
    /// # Errors
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied), with the user.
    pub fn check_listener(&self) -> io::Result<()> {
        if self.is_trusted() {
            return Ok(());
        }
        let text = format!("another user listens on the socket ({})", Shown(self.user.as_ref()));
        Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
    }
}

/// A user in a sentence.
struct Shown<'a>(Option<&'a Sid>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(user) => write!(f, "{user}"),
            None => f.write_str("an unknown user"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(user: Option<Sid>) -> Peer {
        Peer { pid: None, user }
    }

    fn user(bytes: &[u8]) -> Option<Sid> {
        Some(Sid::parse(bytes).unwrap())
    }

    #[test]
    fn the_same_user_and_those_who_can_do_everything_are_trusted() {
        let own = Sid::of_this_process().unwrap().clone();
        let system = user(&[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]);
        let administrators = user(&[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0]);
        for user in [Some(own), system, administrators] {
            peer(user).check_listener().unwrap();
        }
    }

    #[test]
    fn another_user_is_not_trusted() {
        let everyone = user(&[1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
        for (user, shown) in [(everyone, "S-1-1-0"), (None, "an unknown user")] {
            let error = peer(user).check_listener().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
            assert_eq!(error.to_string(), format!("another user listens on the socket ({shown})"));
        }
    }
}
