//! Whether an error of the system passes by itself.

use std::io;

use rustix::io::Errno;

use crate::transport::os_error::os_error;
use crate::transport::unix::system::PASSING;

/// Whether the host was short of something that it may have again soon: descriptors, processes,
/// memory, buffers, room on a disk. The error may be wrapped in others.
pub fn is_shortage(error: &io::Error) -> bool {
    errno(error).is_some_and(|errno| {
        matches!(
            errno,
            Errno::MFILE
                | Errno::NFILE
                | Errno::AGAIN
                | Errno::NOMEM
                | Errno::NOBUFS
                | Errno::NOSPC
                | Errno::DQUOT
                | Errno::INTR
                | Errno::USERS
        )
    })
}

/// What this process or the system is short of, if that is the error, and what helps: for people.
pub fn shortage_advice(error: &io::Error) -> Option<&'static str> {
    Some(match errno(error)? {
        Errno::MFILE => {
            "this process has as many files open as it may: raise the limit (ulimit -n), or close some"
        }
        Errno::NFILE => "the system has as many files open as it may (fs.file-max)",
        Errno::NOMEM | Errno::NOBUFS => "the system is short of memory",
        _ => return None,
    })
}

/// Whether an error of reading a file or folder says nothing about the file: a shortage, or a disk or
/// server that does not work for the moment.
pub fn is_passing(error: &io::Error) -> bool {
    is_shortage(error)
        || errno(error).is_some_and(|errno| {
            matches!(
                errno,
                Errno::IO
                    | Errno::STALE
                    | Errno::TIMEDOUT
                    | Errno::NOTCONN
                    | Errno::HOSTDOWN
                    | Errno::HOSTUNREACH
                    | Errno::NODEV
            ) || PASSING.contains(&errno)
        })
}

/// The system's number of an error, or of its cause.
fn errno(error: &io::Error) -> Option<Errno> {
    os_error(error).map(Errno::from_raw_os_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::explain;

    fn error(errno: Errno) -> io::Error {
        errno.into()
    }

    #[test]
    fn a_shortage_is_known_by_its_number() {
        for errno in [Errno::MFILE, Errno::NFILE, Errno::AGAIN, Errno::NOMEM, Errno::NOSPC] {
            assert!(is_shortage(&error(errno)), "{errno:?}");
        }
        for errno in [Errno::NOENT, Errno::ACCESS, Errno::LOOP, Errno::NOEXEC, Errno::IO] {
            assert!(!is_shortage(&error(errno)), "{errno:?}");
        }
    }

    #[test]
    fn there_is_advice_for_the_shortages_of_a_connection() {
        assert!(shortage_advice(&error(Errno::MFILE)).unwrap().contains("ulimit -n"));
        assert_eq!(shortage_advice(&error(Errno::NOENT)), None);
    }

    #[test]
    fn a_disk_that_does_not_work_passes_and_is_no_shortage() {
        for errno in [Errno::IO, Errno::STALE, Errno::NOTCONN] {
            assert!(is_passing(&error(errno)) && !is_shortage(&error(errno)), "{errno:?}");
        }
        assert!(!is_passing(&error(Errno::ACCESS)));
    }

    #[test]
    fn an_error_that_was_explained_is_still_known() {
        let explained = explain(error(Errno::MFILE), "no pipe".into());
        assert!(is_shortage(&explained));
        assert!(!is_shortage(&io::Error::other("out of everything")));
    }
}
