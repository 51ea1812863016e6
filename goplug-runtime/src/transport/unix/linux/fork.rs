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
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::process::{Pid, WaitOptions};

use crate::protocol::wire;
use crate::transport::unix::host::process::child::Process;
use crate::transport::unix::host::process::failure::{Failure, Reason, Step};
use crate::transport::unix::host::process::rlimit::RawRlimit;

/// The descriptor number of the child's lifeline.
pub(in crate::transport::unix) const LIFELINE_FD: RawFd = wire::LISTEN_FD + 1;

/// The first descriptor number that is not passed.
const FIRST_FREE: RawFd = LIFELINE_FD + 1;

/// The exit code of a child that cannot become the plugin.
const EXIT_FAILED: i32 = 127;

/// The size of the child's stack, in bytes: several times what its few calls need.
const STACK: usize = 32 << 10;

/// Everything that the child needs, in the form that the kernel takes.
pub(in crate::transport::unix) struct Plan {
    program: CString,
    /// The open program; absent if it is run by its path.
    file: Option<OwnedFd>,
    folder: CString,
    argv: CStrings,
    /// The first entry is a placeholder for `listen_pid`.
    envp: CStrings,
    listen_pid: ListenPid,
    limits: Vec<RawRlimit>,
    /// The Landlock ruleset; absent if nothing is restricted.
    ruleset: Option<OwnedFd>,
    /// The descriptors for the child, in the order of their numbers there, from 0 on.
    passed: [OwnedFd; FIRST_FREE as usize],
}

/// The parts of a [`Plan`].
pub(in crate::transport::unix) struct Parts<'a> {
    pub(in crate::transport::unix) program: CString,
    pub(in crate::transport::unix) file: Option<&'a File>,
    pub(in crate::transport::unix) folder: CString,
    pub(in crate::transport::unix) argv: Vec<CString>,
    pub(in crate::transport::unix) env: Vec<CString>,
    pub(in crate::transport::unix) limits: Vec<RawRlimit>,
    pub(in crate::transport::unix) ruleset: Option<BorrowedFd<'a>>,
    pub(in crate::transport::unix) stdin: OwnedFd,
    pub(in crate::transport::unix) stdout: OwnedFd,
    pub(in crate::transport::unix) stderr: OwnedFd,
    pub(in crate::transport::unix) listener: BorrowedFd<'a>,
    pub(in crate::transport::unix) lifeline: OwnedFd,
}

impl Plan {
    /// Moves every descriptor above the numbers that the child fills, so that no
    /// copy overwrites the source of another.
    pub(in crate::transport::unix) fn new(parts: Parts<'_>) -> io::Result<Self> {
        let listen_pid = ListenPid::new();
        let placeholder = CString::default();
        let env = std::iter::once(placeholder).chain(parts.env).collect();
        Ok(Self {
            program: parts.program,
            file: parts.file.map(above_passed).transpose()?,
            folder: parts.folder,
            argv: CStrings::new(parts.argv),
            envp: CStrings::new(env),
            listen_pid,
            limits: parts.limits,
            ruleset: parts.ruleset.map(above_passed).transpose()?,
            passed: [
                above_passed(parts.stdin)?,
                above_passed(parts.stdout)?,
                above_passed(parts.stderr)?,
                above_passed(parts.listener)?,
                above_passed(parts.lifeline)?,
            ],
        })
    }
}

/// A copy of a descriptor whose number is not among those passed.
fn above_passed(fd: impl AsFd) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, FIRST_FREE)?)
}

/// Strings, and the null-terminated array of pointers to them.
struct CStrings {
    pointers: Vec<*const libc::c_char>,
    _strings: Vec<CString>,
}

// SAFETY: the pointers lead into the strings beside them, which nobody changes and
// which stay where they are when the struct moves.
unsafe impl Send for CStrings {}

impl CStrings {
    fn new(strings: Vec<CString>) -> Self {
        let ends = std::iter::once(std::ptr::null());
        let pointers = strings.iter().map(|string| string.as_ptr()).chain(ends).collect();
        Self { pointers, _strings: strings }
    }
}

/// The text `LISTEN_PID=` with room for the number, which only the child knows.
struct ListenPid {
    entry: Box<[u8; Self::LENGTH]>,
}

impl ListenPid {
    const NAME: &[u8] = b"LISTEN_PID=";
    /// The digits of the largest pid.
    const DIGITS: usize = 10;
    const LENGTH: usize = Self::NAME.len() + Self::DIGITS + 1;

    fn new() -> Self {
        let mut entry = Box::new([0; Self::LENGTH]);
        entry[..Self::NAME.len()].copy_from_slice(Self::NAME);
        Self { entry }
    }

    /// Writes the number, without allocation or panic.
    fn set(&mut self, pid: u32) -> *const libc::c_char {
        let digits = pid.checked_ilog10().unwrap_or(0) as usize + 1;
        let places = self.entry.iter_mut().skip(Self::NAME.len()).take(digits);
        let mut rest = pid;
        for place in places.rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.entry.as_ptr().cast()
    }
}

/// The memory that host and child share until the child has become the plugin.
struct Shared<'a> {
    plan: &'a mut Plan,
    host: libc::pid_t,
    /// Why the child did not become the plugin.
    reason: Option<Reason>,
}

/// Starts the plan's program. Returns once it runs, or with the reason why it does not.
///
/// The calling thread must live as long as the process: the child asks for a signal
/// when its parent, which means this thread, ends. All signals must be blocked in
/// it, so that no handler of the host runs in the child.
pub(in crate::transport::unix) fn start(plan: &mut Plan) -> Result<Process, Failure> {
    let host = rustix::process::getpid().as_raw_nonzero().get();
    let mut shared = Shared { plan, host, reason: None };
    let mut stack = Box::<[MaybeUninit<u8>]>::new_uninit_slice(STACK);
    let top = stack.as_mut_ptr_range().end.map_addr(|end| end & !0xf);
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    let mut pidfd: RawFd = -1;
    // SAFETY: `child` does only what is allowed there, `shared` is what it expects, and
    // the stack is aligned and used by nothing else. This thread continues only when the child
    // no longer uses either.
    let pid =
        unsafe { libc::clone(child, top.cast(), flags, (&raw mut shared).cast(), &raw mut pidfd) };
    if pid == -1 {
        return Err(io::Error::last_os_error().into());
    }
    let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::other("there is no process"))?;
    if pidfd == -1 {
        // A kernel before 5.2 does not know the flag. The number is still this child's.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        let _ = rustix::process::waitpid(Some(pid), WaitOptions::empty());
        return Err(io::Error::other("the kernel is older than Linux 5.3").into());
    }
    // SAFETY: the kernel has just opened it, for this call alone.
    let process = Process::new(pid, unsafe { OwnedFd::from_raw_fd(pidfd) });
    match shared.reason {
        None => Ok(process),
        Some(Reason { step, errno }) => {
            Err(Failure { step, error: io::Error::from_raw_os_error(errno) })
        }
    }
}

/// The child, from its first instruction on.
extern "C" fn child(shared: *mut libc::c_void) -> libc::c_int {
    // SAFETY: `start` passes its `Shared`, and does not touch it while this runs.
    let shared = unsafe { &mut *shared.cast::<Shared<'_>>() };
    // SAFETY: this is the child, and it comes here once.
    let Err(reason) = unsafe { become_plugin(shared.plan, shared.host) };
    shared.reason = Some(reason);
    // SAFETY: ends the child, and runs nothing of the host's.
    unsafe { libc::_exit(EXIT_FAILED) }
}

/// Fails with the step and `errno` if a call returned -1.
fn check(step: Step, result: libc::c_int) -> Result<(), Reason> {
    if result != -1 {
        return Ok(());
    }
    // SAFETY: the location of `errno` is always there to read.
    let errno = unsafe { *libc::__errno_location() };
    Err(Reason { step, errno })
}

/// Turns the child into the plugin; returns only if that fails.
///
/// # Safety
/// To be called in the child, once.
unsafe fn become_plugin(plan: &mut Plan, host: libc::pid_t) -> Result<Infallible, Reason> {
    // SAFETY: system calls on descriptors and memory that the plan holds, and
    // nothing that allocates, locks or panics.
    unsafe {
        check(Step::Prepare, libc::setpgid(0, 0))?;
        check(Step::Prepare, libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM as libc::c_ulong))?;
        if libc::getppid() != host {
            // The host died before the kernel was asked for the signal. No process reads the
            // reason.
            libc::_exit(EXIT_FAILED);
        }
        for (number, fd) in (0..).zip(&plan.passed) {
            check(Step::Prepare, libc::dup2(fd.as_raw_fd(), number))?;
        }
        // Rust's descriptors are closed on exec; those of C libraries may not be. On a kernel
        // without this call (before 5.11) they stay open.
        libc::syscall(
            libc::SYS_close_range,
            FIRST_FREE as libc::c_uint,
            libc::c_uint::MAX,
            CLOSE_RANGE_CLOEXEC,
        );
        check(Step::Folder, libc::chdir(plan.folder.as_ptr()))?;
        if let Some(entry) = plan.envp.pointers.first_mut() {
            *entry = plan.listen_pid.set(libc::getpid().unsigned_abs());
        }
        default_signals();
        restrict(plan)?;
        exec(plan)
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
        if let Some(ruleset) = &plan.ruleset {
            let (yes, none): (libc::c_ulong, libc::c_ulong) = (1, 0);
            check(Step::Privileges, libc::prctl(libc::PR_SET_NO_NEW_PRIVS, yes, none, none, none))?;
            let entered =
                libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), none);
            check(Step::Sandbox, if entered == -1 { -1 } else { 0 })?;
        }
    }
    Ok(())
}

/// The kernel's flag to set close-on-exec instead of closing.
const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;

/// Gives every signal its default effect, then lets them through.
///
/// # Safety
/// As for [`become_plugin`].
unsafe fn default_signals() {
    // SAFETY: both values are plain data for which zero is valid. A signal that can have no
    // handler is refused without effect.
    unsafe {
        let mut default: libc::sigaction = std::mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        for signal in 1..=64 {
            libc::sigaction(signal, &raw const default, std::ptr::null_mut());
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// # Safety
/// As for [`become_plugin`].
unsafe fn exec(plan: &Plan) -> Result<Infallible, Reason> {
    let (argv, envp) = (plan.argv.pointers.as_ptr(), plan.envp.pointers.as_ptr());
    const EMPTY: &CStr = c"";
    // SAFETY: path, argv and envp are null-terminated and live in the plan.
    unsafe {
        if let Some(file) = &plan.file {
            libc::syscall(
                libc::SYS_execveat,
                file.as_raw_fd(),
                EMPTY.as_ptr(),
                argv,
                envp,
                libc::AT_EMPTY_PATH,
            );
        } else {
            libc::execve(plan.program.as_ptr(), argv, envp);
        }
    }
    check(Step::Exec, -1)?;
    // SAFETY: as above; `check` has returned already.
    unsafe { libc::_exit(EXIT_FAILED) }
}

/// Blocks every signal in the calling thread, as [`start`] needs it.
pub(in crate::transport::unix) fn block_signals() {
    // SAFETY: the set is plain data, filled before it is used; both calls touch
    // nothing but it and the thread's mask.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_written_after_the_name() {
        for pid in [1, 10, 4_194_304, u32::MAX] {
            let mut entry = ListenPid::new();
            entry.set(pid);
            let text = CStr::from_bytes_until_nul(&*entry.entry).unwrap();
            assert_eq!(text.to_str().unwrap(), format!("LISTEN_PID={pid}"));
        }
    }

    #[test]
    fn the_variable_has_its_protocol_name() {
        assert_eq!(ListenPid::NAME.strip_suffix(b"=").unwrap(), wire::ENV_LISTEN_PID.as_bytes());
    }
}
