//! The descriptors that a host handed over when it started this process.
//!
//! The convention is systemd's, so a plugin can also be started by socket activation. `LISTEN_PID`
//! makes it safe: every process that this one starts inherits the variables, but not the
//! descriptors, and there the same numbers belong to something else. For the same reason every
//! descriptor is checked before it is taken, and none is taken twice.

// Descriptor numbers from the environment have no owner in Rust's sense yet;
// `OwnedFd::from_raw_fd` is the only way to give them one.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::fs::{FileType, OFlags};
use rustix::io::{Errno, FdFlags};
use tokio::net::UnixListener;

use super::Lifeline;
use crate::protocol::wire;
use crate::transport::unix::system::is_listener;
use crate::transport::{Listener, started_as};

/// More descriptors than any host passes; it keeps the numbers in range.
const MAX_PASSED: RawFd = 1024;

/// The descriptors from the host. Both are `None` if the process was started without any, and on a
/// second claim.
#[derive(Debug, Default)]
pub struct Inherited {
    /// The socket to serve on.
    pub listener: Option<Listener>,
    /// Closes when the host has ended.
    pub lifeline: Option<Lifeline>,
}

impl Inherited {
    /// Takes the descriptors that `LISTEN_FDS` and `GOPLUG_LIFELINE` announce, if `LISTEN_PID` is
    /// this process. Children of this process do not inherit them.
    ///
    /// Of several passed sockets it takes the socket that `LISTEN_FDNAMES` calls `goplug`; a single
    /// socket may have any name. Needs a runtime with I/O.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if an announced descriptor is not open or of the
    /// wrong kind; the text names variable and descriptor.
    pub fn claim() -> io::Result<Self> {
        tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        let variable = |name: &str| std::env::var(name).ok();
        let Some(announced) = Announced::read(variable, std::process::id())? else {
            return Ok(Self::default());
        };
        if !started_as::claim() {
            return Ok(Self::default());
        }
        // SAFETY: the host passed these descriptors to this very process, no other
        // part of a Rust program gets an owner for a number that it did not open,
        // and the flag above lets one claim through.
        unsafe { announced.take() }
    }
}

/// The process for which a host meant the descriptors that the environment announces, if that is not
/// this one: a wrapper that started this process and did not become it.
pub fn meant_for_another() -> Option<u32> {
    let pid = std::env::var(wire::ENV_LISTEN_PID).ok()?.parse().ok()?;
    let is_from_host = std::env::var_os(wire::ENV_PROTOCOL).is_some();
    (is_from_host && pid != std::process::id()).then_some(pid)
}

/// Descriptor numbers that the environment names.
#[derive(Debug, PartialEq, Eq)]
struct Announced {
    listener: Option<RawFd>,
    lifeline: Option<RawFd>,
}

impl Announced {
    fn read(variable: impl Fn(&str) -> Option<String>, own_pid: u32) -> io::Result<Option<Self>> {
        let meant_for = variable(wire::ENV_LISTEN_PID).and_then(|pid| pid.parse().ok());
        if meant_for != Some(own_pid) {
            return Ok(None);
        }
        let number = |name: &str| {
            let parse = |text: String| match text.parse::<RawFd>() {
                Ok(number) if (0..=MAX_PASSED).contains(&number) => Ok(number),
                _ => {
                    Err(invalid(format!("{name} is {text:?}, which is no number of a descriptor")))
                }
            };
            variable(name).map(parse).transpose()
        };
        let count = number(wire::ENV_LISTEN_FDS)?.unwrap_or(0);
        let names = variable(wire::ENV_LISTEN_FDNAMES).unwrap_or_default();
        let listener = match count {
            0 => None,
            1 => Some(wire::LISTEN_FD),
            _ => Some(wire::LISTEN_FD + position(&names, count)?),
        };
        let lifeline = number(wire::ENV_LIFELINE)?;
        if let Some(fd) = lifeline.filter(|fd| *fd <= 2 || Some(*fd) == listener) {
            let name = wire::ENV_LIFELINE;
            return Err(invalid(format!("{name} is {fd}, which has another purpose")));
        }
        Ok(Some(Self { listener, lifeline }))
    }

    /// # Safety
    /// If the descriptors are open, they have no owner.
    unsafe fn take(self) -> io::Result<Inherited> {
        let mut inherited = Inherited::default();
        if let Some(fd) = self.listener {
            // SAFETY: the caller's promise.
            let socket = unsafe { adopt(fd, wire::ENV_LISTEN_FDS, is_listening_socket) }?;
            inherited.listener = Some(listener(socket)?);
        }
        if let Some(fd) = self.lifeline {
            // SAFETY: the caller's promise.
            let pipe = unsafe { adopt(fd, wire::ENV_LIFELINE, is_readable_pipe) }?;
            inherited.lifeline = Some(Lifeline::new(pipe)?);
        }
        Ok(inherited)
    }
}

/// A listener whose file belongs to the process that bound it.
fn listener(socket: OwnedFd) -> io::Result<Listener> {
    let listener = std::os::unix::net::UnixListener::from(socket);
    listener.set_nonblocking(true)?;
    Ok(Listener { file: None, inner: UnixListener::from_std(listener)? })
}

/// The index of goplug's descriptor among `count` named ones.
fn position(names: &str, count: RawFd) -> io::Result<RawFd> {
    let mut numbered = (0..count).zip(names.split(':'));
    numbered.find(|(_, name)| *name == wire::LISTEN_FDNAME).map(|(index, _)| index).ok_or_else(
        || {
            invalid(format!(
                "{} announces {count} descriptors, and {} calls none of them {:?}",
                wire::ENV_LISTEN_FDS,
                wire::ENV_LISTEN_FDNAMES,
                wire::LISTEN_FDNAME
            ))
        },
    )
}

/// Takes a descriptor that passes `check`, and sets close-on-exec, so that children of this process
/// do not inherit it.
///
/// # Safety
/// If the descriptor is open, it has no owner.
unsafe fn adopt(
    fd: RawFd,
    variable: &str,
    check: fn(BorrowedFd<'_>) -> Result<(), &'static str>,
) -> io::Result<OwnedFd> {
    // SAFETY: it is not -1, and no other code closes it. If it never was open, the
    // system calls below fail with EBADF.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    check(borrowed).map_err(|problem| {
        invalid(format!("{variable} announces descriptor {fd}, which {problem}"))
    })?;
    rustix::io::fcntl_setfd(borrowed, FdFlags::CLOEXEC)?;
    // SAFETY: it is open, as was just seen, and the caller promises that it is free.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn is_listening_socket(fd: BorrowedFd<'_>) -> Result<(), &'static str> {
    match is_listener(fd) {
        Err(Errno::BADF) => Err("is not open"),
        Ok(true) => Ok(()),
        _ => Err("is not a listening Unix stream socket"),
    }
}

fn is_readable_pipe(fd: BorrowedFd<'_>) -> Result<(), &'static str> {
    match rustix::fs::fstat(fd) {
        Err(Errno::BADF) => return Err("is not open"),
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Fifo => {}
        _ => return Err("is not a pipe"),
    }
    match rustix::fs::fcntl_getfl(fd) {
        Ok(flags) if flags & OFlags::ACCMODE == OFlags::RDONLY => Ok(()),
        _ => Err("is not the reading end of a pipe"),
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd, IntoRawFd};
    use std::time::Duration;

    use super::*;
    use crate::transport::{PassedListener, connect};

    const PID: u32 = 77;

    fn read(variables: &[(&str, &str)]) -> io::Result<Option<Announced>> {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
        };
        Announced::read(find, PID)
    }

    fn take(listener: Option<RawFd>, lifeline: Option<RawFd>) -> io::Result<Inherited> {
        // SAFETY: the tests pass numbers that they released with `into_raw_fd`, or
        // that are refused before they get an owner.
        unsafe { Announced { listener, lifeline }.take() }
    }

    #[test]
    fn variables_for_another_process_announce_nothing() {
        for pid in ["78", "", "seventy-seven"] {
            let variables = [("LISTEN_PID", pid), ("LISTEN_FDS", "1"), ("GOPLUG_LIFELINE", "4")];
            assert_eq!(read(&variables).unwrap(), None);
        }
        assert_eq!(read(&[("LISTEN_FDS", "1")]).unwrap(), None);
    }

    #[test]
    fn a_single_descriptor_may_have_any_name() {
        let variables = [("LISTEN_PID", "77"), ("LISTEN_FDS", "1"), ("LISTEN_FDNAMES", "x.socket")];
        let announced = read(&variables).unwrap().unwrap();
        assert_eq!(announced, Announced { listener: Some(3), lifeline: None });
    }

    #[test]
    fn of_several_descriptors_the_named_one_is_taken() {
        let variables = [
            ("LISTEN_PID", "77"),
            ("LISTEN_FDS", "3"),
            ("LISTEN_FDNAMES", "web:admin:goplug"),
            ("GOPLUG_LIFELINE", "6"),
        ];
        let announced = read(&variables).unwrap().unwrap();
        assert_eq!(announced, Announced { listener: Some(5), lifeline: Some(6) });
    }

    #[test]
    fn several_descriptors_without_the_name_are_refused() {
        for names in ["web:admin", "", "web:admin:goplug"] {
            let variables = [("LISTEN_PID", "77"), ("LISTEN_FDS", "2"), ("LISTEN_FDNAMES", names)];
            assert_eq!(
                read(&variables).unwrap_err().to_string(),
                "LISTEN_FDS announces 2 descriptors, and LISTEN_FDNAMES calls none of them \"goplug\""
            );
        }
    }

    #[test]
    fn a_malformed_number_is_reported() {
        let error = read(&[("LISTEN_PID", "77"), ("LISTEN_FDS", "many")]).unwrap_err();
        assert_eq!(error.to_string(), "LISTEN_FDS is \"many\", which is no number of a descriptor");
    }

    #[test]
    fn a_lifeline_on_a_descriptor_in_use_is_refused() {
        for fd in ["1", "3"] {
            let variables = [("LISTEN_PID", "77"), ("LISTEN_FDS", "1"), ("GOPLUG_LIFELINE", fd)];
            let error = read(&variables).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("GOPLUG_LIFELINE is {fd}, which has another purpose")
            );
        }
    }

    #[tokio::test]
    async fn an_inherited_listener_accepts_and_keeps_the_file() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let passed = PassedListener::bind(&path).unwrap();
        let copy = rustix::io::dup(passed.handle().unwrap()).unwrap();
        let listener = take(Some(copy.into_raw_fd()), None).unwrap().listener.unwrap();

        let client = connect(&path, Duration::from_secs(10)).await.unwrap();
        let (_server, peer) = listener.accept().await.unwrap();
        drop((client, listener));

        assert!(peer.is_trusted());
        assert!(path.exists());
    }

    #[tokio::test]
    async fn another_descriptor_is_refused_and_stays_open() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let fd = reader.as_raw_fd();
        let error = take(Some(fd), None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(
            error.to_string(),
            format!(
                "LISTEN_FDS announces descriptor {fd}, which is not a listening Unix stream socket"
            )
        );
        assert!(rustix::io::fcntl_getfd(&reader).is_ok());
    }

    #[tokio::test]
    async fn a_closed_descriptor_is_reported() {
        let error = take(Some(1_000_000), None).unwrap_err();
        assert!(error.to_string().ends_with("descriptor 1000000, which is not open"), "{error}");
    }

    #[tokio::test]
    async fn a_lifeline_must_be_the_reading_end_of_a_pipe() {
        let (_reader, writer) = std::io::pipe().unwrap();
        let error = take(None, Some(writer.as_raw_fd())).unwrap_err();
        assert!(error.to_string().ends_with("which is not the reading end of a pipe"), "{error}");
        let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let error = take(None, Some(socket.as_raw_fd())).unwrap_err();
        assert!(error.to_string().ends_with("which is not a pipe"), "{error}");
    }

    #[test]
    fn a_lifeline_is_not_inherited_by_children() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let fd = OwnedFd::from(reader).into_raw_fd();
        let lifeline = take(None, Some(fd)).unwrap().lifeline.unwrap();
        assert_eq!(rustix::io::fcntl_getfd(lifeline).unwrap(), FdFlags::CLOEXEC);
    }

    #[test]
    fn a_claim_outside_a_runtime_is_an_error() {
        assert!(Inherited::claim().is_err());
    }
}
