//! What it means that the system refuses a call.
//!
//! An old kernel does not know every call, and the seccomp filter of a container or a service forbids
//! some. The error then says nothing of what was asked for, so there may be another way to the same
//! end. Which errors are refusals is decided here, and so is what is said of a call for which there is
//! no other way. The other ways are where the calls are:
//!
//! | refused | instead |
//! |---|---|
//! | `clone` with `CLONE_PIDFD` | `pidfd_open`, and without it a thread that waits |
//! | `waitid`, `pidfd_send_signal` for a pidfd | the same by the number, while it is the process's |
//! | `prctl(PR_SET_PDEATHSIG)` | the lifeline alone |
//! | `execveat` | `execve` of the open file in `/proc/self/fd` |
//! | `close_range` | each descriptor by itself |
//! | `inotify` | a look at the folder every two seconds |
//! | `flock` | no lock |

use std::io;

use rustix::io::Errno;

use crate::transport::explain;

/// Whether an error is a refusal of the call itself, if the call has been given what it takes. gVisor
/// answers `EINVAL` to flags that it does not know, as a kernel does.
pub(super) fn is_refusal(errno: Errno) -> bool {
    matches!(errno, Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::OPNOTSUPP)
}

/// The error of a call for which there is no other way. A refusal gets a text for people, which names the
/// call and the remedy; other errors stay.
pub(super) fn name_refusal(call: &str, error: io::Error) -> io::Error {
    if !Errno::from_io_error(&error).is_some_and(is_refusal) {
        return error;
    }
    let text = format!(
        "the system refuses {call}: {error}; the seccomp filter of a container or service has to allow it"
    );
    explain(error, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_call_and_the_remedy() {
        for errno in [Errno::PERM, Errno::NOSYS, Errno::INVAL] {
            let error = name_refusal("clone", errno.into());
            let text = error.to_string();
            assert!(text.starts_with("the system refuses clone: "), "{text}");
            assert!(text.ends_with("of a container or service has to allow it"), "{text}");
            assert_eq!(error.kind(), io::Error::from(errno).kind());
        }
    }

    #[test]
    fn another_error_stays() {
        for errno in [Errno::AGAIN, Errno::MFILE, Errno::NOENT, Errno::ACCESS] {
            assert_eq!(
                name_refusal("clone", errno.into()).raw_os_error(),
                Some(errno.raw_os_error())
            );
        }
    }
}
