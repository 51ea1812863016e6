//! The step from the host into a new process, and there into the plugin's program.
//!
//! macOS has no `clone`, and `posix_spawn` cannot tell a process its own id, which `LISTEN_PID` has to
//! be. So the process is forked, and says by a pipe why it did not become the plugin. Every call it makes is
//! async-signal-safe.

// No safe crate offers fork and exec with these requirements.
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsRawFd, RawFd};

use rustix::process::{Pid, WaitOptions};

use super::process_fd::ProcessFd;
use crate::transport::unix::host::process::become_plugin::{
    EXIT_FAILED, default_signals, take_places,
};
use crate::transport::unix::host::process::failure::{Failure, Reason, Step, check};
use crate::transport::unix::host::process::passed::FIRST_FREE;
use crate::transport::unix::host::process::plan::Plan;

/// The length of a [`Reason`] in the pipe: a byte for the step, and the number of the error.
const REASON: usize = 5;

/// The steps, by their numbers in the pipe.
const STEPS: [Step; 11] = [
    Step::Process,
    Step::Group,
    Step::Prepare,
    Step::Folder,
    Step::Limit,
    Step::Privileges,
    Step::Cgroup,
    Step::Sandbox,
    Step::Filter,
    Step::Exec,
    Step::ExecFile,
];

/// Starts the plan's program. Returns once it runs, or with the reason why it does not. All signals must
/// be blocked in this thread, so that no handler of the host runs in the child.
pub(in crate::transport::unix) fn start_process(plan: &mut Plan) -> Result<ProcessFd, Failure> {
    if plan.file.is_some() || plan.cgroup.is_some() || plan.confinement.is_some() {
        // There is no way to run an open file, no control group and no sandbox to enter.
        return Err(io::Error::from(io::ErrorKind::Unsupported).into());
    }
    let (reason, says) = io::pipe()?;
    let says = rustix::io::fcntl_dupfd_cloexec(&says, FIRST_FREE)?;
    // SAFETY: the child does only what is allowed between fork and exec.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: this is the child, and it comes here once.
        unsafe {
            let Err(reason) = become_plugin(plan, says.as_raw_fd());
            tell(&reason, says.as_raw_fd());
            libc::_exit(EXIT_FAILED);
        }
    }
    if pid == -1 {
        return Err(Failure { step: Step::Process, error: io::Error::last_os_error() });
    }
    let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::other("there is no process"))?;
    drop(says);
    match told(reason) {
        Some(failure) => {
            let _ = rustix::process::waitpid(Some(pid), WaitOptions::empty());
            Err(failure)
        }
        None => ProcessFd::watch(pid).map_err(|error| {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
            let _ = rustix::process::waitpid(Some(pid), WaitOptions::empty());
            error.into()
        }),
    }
}

/// Why the child did not become the plugin; `None` if it did, and closed the pipe.
fn told(mut reason: PipeReader) -> Option<Failure> {
    let mut bytes = [0; REASON];
    reason.read_exact(&mut bytes).ok()?;
    let [step, number @ ..] = bytes;
    let step = STEPS.get(usize::from(step)).copied().unwrap_or(Step::Prepare);
    Some(Failure { step, error: io::Error::from_raw_os_error(i32::from_ne_bytes(number)) })
}

/// Writes a reason to the pipe.
///
/// # Safety
/// As for [`become_plugin`].
unsafe fn tell(reason: &Reason, says: RawFd) {
    let mut bytes = [0; REASON];
    let step = STEPS.iter().position(|step| *step == reason.step).unwrap_or(0);
    bytes[0] = step as u8;
    bytes[1..].copy_from_slice(&reason.errno.to_ne_bytes());
    // SAFETY: the bytes are of this length. So few are written at once or not at all.
    unsafe { libc::write(says, bytes.as_ptr().cast(), REASON) };
}

/// Turns the child into the plugin; returns only if that fails.
///
/// # Safety
/// To be called in the child, once.
unsafe fn become_plugin(plan: &mut Plan, says: RawFd) -> Result<Infallible, Reason> {
    // SAFETY: system calls on descriptors and memory that the plan holds, and nothing that allocates,
    // locks or panics.
    unsafe {
        check(Step::Group, libc::setpgid(0, 0))?;
        take_places(plan)?;
        // Rust's descriptors are closed on exec; those of C libraries may not be.
        for number in FIRST_FREE..libc::getdtablesize() {
            if number != says {
                libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
            }
        }
        default_signals();
        for limit in &plan.limits {
            let value = libc::rlimit { rlim_cur: limit.soft, rlim_max: limit.hard };
            check(Step::Limit, libc::setrlimit(limit.resource.cast_signed(), &raw const value))?;
        }
        let (argv, envp) = (plan.argv.pointers.as_ptr(), plan.envp.pointers.as_ptr());
        libc::execve(plan.program.as_ptr(), argv, envp);
    }
    check(Step::Exec, -1)?;
    // SAFETY: ends the child; `check` has returned already.
    unsafe { libc::_exit(EXIT_FAILED) }
}
