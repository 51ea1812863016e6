//! The step from the host into a new process, and there into the plugin's program.
//!
//! `std::process::Command` cannot be used: it captures the environment before the fork, while
//! `LISTEN_PID` is known only after it; it runs a path, not the open file that was checked; and the
//! pipe for its own errors may have one of the descriptor numbers that are to be passed. So the few
//! system calls are made here.
//!
//! The child is not a copy of the host: copying the page tables of a large host, and then each page
//! that either process writes, takes longer than the rest of a start. It runs in the host's memory,
//! on a stack of its own. The thread that made it waits in the kernel until the child has become the
//! plugin or ended (`CLONE_VM | CLONE_VFORK`, as `posix_spawn` does). The host's other threads
//! continue meanwhile. So the child must not allocate, lock or panic, and must write only to its own
//! part of [`Shared`]. Everything it needs is prepared in [`Plan`]; every call it makes is
//! async-signal-safe.

// No safe crate offers clone and exec with these requirements.
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions};

use super::process_fd::ProcessFd;
use crate::transport::unix::host::process::become_plugin::{
    EXIT_FAILED, default_signals, take_places,
};
use crate::transport::unix::host::process::failure::{Failure, Reason, Step, check};
use crate::transport::unix::host::process::passed::FIRST_FREE;
use crate::transport::unix::host::process::plan::Plan;
use crate::transport::unix::refusal::is_refusal;

/// The size of the child's stack, in bytes: several times what its few calls need.
const STACK: usize = 32 << 10;

/// The memory that host and child share until the child has become the plugin.
struct Shared<'a> {
    plan: &'a mut Plan,
    /// A link to the open program, which the child has if there is a `/proc`.
    link: CString,
    host: libc::pid_t,
    /// Why the child did not become the plugin.
    reason: Option<Reason>,
}

/// Starts the plan's program. Returns once it runs, or with the reason why it does not.
///
/// The calling thread must live as long as the process: the child asks for a signal
/// when its parent, which means this thread, ends. All signals must be blocked in
/// it, so that no handler of the host runs in the child.
pub(in crate::transport::unix) fn start_process(plan: &mut Plan) -> Result<ProcessFd, Failure> {
    let host = rustix::process::getpid().as_raw_nonzero().get();
    let file = plan.file.as_ref().map_or(-1, AsRawFd::as_raw_fd);
    let link = CString::new(format!("/proc/self/fd/{file}")).map_err(io::Error::from)?;
    let mut shared = Shared { plan, link, host, reason: None };
    let mut stack = Box::<[MaybeUninit<u8>]>::new_uninit_slice(STACK);
    let top = stack.as_mut_ptr_range().end.map_addr(|end| end & !0xf);
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let mut pidfd: RawFd = -1;
    let mut clone = |flags| {
        // SAFETY: `child` does only what is allowed there, `shared` is what it expects, and
        // the stack is aligned and used by nothing else. This thread continues only when the child
        // no longer uses either.
        let pid = unsafe {
            libc::clone(child, top.cast(), flags, (&raw mut shared).cast(), &raw mut pidfd)
        };
        if pid == -1 { Err(last_error()) } else { Ok(pid) }
    };
    let pid = clone(flags | libc::CLONE_PIDFD)
        .or_else(|errno| if is_refusal(errno) { clone(flags) } else { Err(errno) });
    let pid = pid.map_err(|errno| Failure { step: Step::Process, error: errno.into() })?;
    let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::other("there is no process"))?;
    if let Some(Reason { step, errno }) = shared.reason {
        // SAFETY: if there is a pidfd, the kernel has opened it for this call alone.
        drop((pidfd != -1).then(|| unsafe { OwnedFd::from_raw_fd(pidfd) }));
        let _ = rustix::process::waitpid(Some(pid), WaitOptions::empty());
        return Err(Failure { step, error: io::Error::from_raw_os_error(errno) });
    }
    if pidfd != -1 {
        // SAFETY: the kernel has just opened it, for this call alone.
        return Ok(ProcessFd::new(pid, unsafe { OwnedFd::from_raw_fd(pidfd) }));
    }
    // The kernel does not know the flag (before 5.2), or refuses it. The number is still this child's.
    ProcessFd::watch(pid).map_err(|error| {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        let _ = rustix::process::waitpid(Some(pid), WaitOptions::empty());
        error.into()
    })
}

/// The child, from its first instruction on.
extern "C" fn child(shared: *mut libc::c_void) -> libc::c_int {
    // SAFETY: `start_process` passes its `Shared`, and does not touch it while this runs.
    let shared = unsafe { &mut *shared.cast::<Shared<'_>>() };
    // SAFETY: this is the child, and it comes here once.
    let Err(reason) = unsafe { become_plugin(shared.plan, &shared.link, shared.host) };
    shared.reason = Some(reason);
    // SAFETY: ends the child, and runs nothing of the host's.
    unsafe { libc::_exit(EXIT_FAILED) }
}

/// Turns the child into the plugin; returns only if that fails.
///
/// # Safety
/// To be called in the child, once.
unsafe fn become_plugin(
    plan: &mut Plan,
    link: &CStr,
    host: libc::pid_t,
) -> Result<Infallible, Reason> {
    // SAFETY: system calls on descriptors and memory that the plan holds, and
    // nothing that allocates, locks or panics.
    unsafe {
        check(Step::Group, libc::setpgid(0, 0))?;
        if let Some(procs) = &plan.cgroup {
            // The number 0 stands for whoever writes it.
            const SELF: &[u8] = b"0";
            let entered = libc::write(procs.as_raw_fd(), SELF.as_ptr().cast(), SELF.len());
            check(Step::Cgroup, if entered == -1 { -1 } else { 0 })?;
        }
        // If that is refused, the lifeline alone tells of the host's end.
        libc::prctl(libc::PR_SET_PDEATHSIG, plan.parent_death_signal as libc::c_ulong);
        if libc::getppid() != host {
            // The host died before the kernel was asked for the signal. No process reads the
            // reason.
            libc::_exit(EXIT_FAILED);
        }
        take_places(plan)?;
        close_others_on_exec();
        default_signals();
        restrict(plan)?;
        exec(plan, link)
    }
}

/// Has every descriptor that is not passed closed by the exec. Rust's are; those of C libraries may not
/// be.
///
/// # Safety
/// As for [`become_plugin`].
unsafe fn close_others_on_exec() {
    // SAFETY: system calls that take numbers.
    unsafe {
        let (first, last) = (FIRST_FREE as libc::c_uint, libc::c_uint::MAX);
        if libc::syscall(libc::SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) == 0 {
            return;
        }
        // The kernel does not know the call or the flag (before 5.11), or refuses it.
        for number in FIRST_FREE..libc::getdtablesize().min(MOST_DESCRIPTORS) {
            libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}

/// Sets the limits and enters the sandbox. This comes last, since both take effect at once.
///
/// # Safety
/// As for [`become_plugin`].
unsafe fn restrict(plan: &Plan) -> Result<(), Reason> {
    // SAFETY: system calls on memory and a descriptor that the plan holds. A call that the
    // kernel does not know fails with `ENOSYS`.
    unsafe {
        for limit in &plan.limits {
            let (this, value) = (0 as libc::c_long, [limit.soft, limit.hard]);
            let (resource, old) = (libc::c_ulong::from(limit.resource), std::ptr::null::<u64>());
            let set = libc::syscall(libc::SYS_prlimit64, this, resource, value.as_ptr(), old);
            check(Step::Limit, if set == -1 { -1 } else { 0 })?;
        }
        if let Some(confinement) = &plan.confinement {
            confinement.enter()?;
        }
    }
    Ok(())
}

/// How many descriptors are closed one by one. A container may allow a billion, which nobody has open.
const MOST_DESCRIPTORS: RawFd = 1 << 16;

/// The kernel's flag to set close-on-exec instead of closing.
const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;

/// # Safety
/// As for [`become_plugin`].
unsafe fn exec(plan: &Plan, link: &CStr) -> Result<Infallible, Reason> {
    let (argv, envp) = (plan.argv.pointers.as_ptr(), plan.envp.pointers.as_ptr());
    const EMPTY: &CStr = c"";
    // SAFETY: path, argv and envp are null-terminated and live in the plan.
    unsafe {
        let Some(file) = &plan.file else {
            libc::execve(plan.program.as_ptr(), argv, envp);
            return Err(Reason { step: Step::Exec, errno: last_error().raw_os_error() });
        };
        let (file, flags) = (file.as_raw_fd(), libc::AT_EMPTY_PATH);
        libc::syscall(libc::SYS_execveat, file, EMPTY.as_ptr(), argv, envp, flags);
        let mut errno = last_error();
        if is_refusal(errno) {
            libc::execve(link.as_ptr(), argv, envp);
            // If the link is not there, the refusal is the reason.
            errno = Some(last_error()).filter(|other| *other != Errno::NOENT).unwrap_or(errno);
        }
        let step = if is_refusal(errno) { Step::ExecFile } else { Step::Exec };
        Err(Reason { step, errno: errno.raw_os_error() })
    }
}

/// Reads a number: it neither allocates nor locks.
fn last_error() -> Errno {
    Errno::from_raw_os_error(io::Error::last_os_error().raw_os_error().unwrap_or_default())
}
