//! Threads of goplug's own, and what is said if the system gives none.

use std::io::{self, ErrorKind};
use std::thread::{Builder, JoinHandle};

use super::explained::explain;

/// Starts a thread of this name.
///
/// # Errors
/// The system gives no thread; the text says what helps.
pub fn start_thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.into()).spawn(work).map_err(no_thread)
}

/// The error of a thread that could not be started, for people.
pub fn no_thread(error: io::Error) -> io::Error {
    let advice = match error.kind() {
        // Threads are made by a call that filters of old containers do not know. Only this answer has
        // C libraries take the older call.
        ErrorKind::PermissionDenied | ErrorKind::Unsupported => {
            "; a seccomp filter that does not allow clone3 has to answer ENOSYS to it \
             (Docker's does since 20.10.10)"
        }
        _ => limit_advice(&error),
    };
    let text = format!("the system gives no thread: {error}{advice}");
    explain(error, text)
}

/// What helps if there are as many processes or threads as there may be, to follow the error.
pub(super) fn limit_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::WouldBlock => {
            "; there is a limit to them: ulimit -u, or pids.max of a container"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_the_system_does_not_give_comes_with_what_helps() {
        for (kind, advice) in [
            (ErrorKind::WouldBlock, "pids.max"),
            (ErrorKind::PermissionDenied, "ENOSYS"),
            (ErrorKind::Unsupported, "ENOSYS"),
        ] {
            let error = no_thread(kind.into());
            assert_eq!(error.kind(), kind);
            let text = error.to_string();
            assert!(text.starts_with("the system gives no thread: "), "{text}");
            assert!(text.contains(advice), "{text}");
        }
        let text = no_thread(ErrorKind::OutOfMemory.into()).to_string();
        assert!(!text.contains(';'), "{text}");
    }
}
