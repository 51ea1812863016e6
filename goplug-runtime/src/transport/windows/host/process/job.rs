//! Job objects: everything that a plugin starts belongs to its job, and ends with it.

// No safe crate makes a job whose processes end with its last handle.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::JobObjects::{
    CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS, JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION,
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOB_OBJECT_LIMIT_PROCESS_MEMORY,
    JOB_OBJECT_LIMIT_PROCESS_TIME, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject, TerminateJobObject,
};

use super::exit_text::KILLED;
use crate::transport::Rlimit;
use crate::transport::windows::call_result::{owned, succeeded};

/// How many of the system's units of time, which are 100 ns long, a second has.
const UNITS_PER_SECOND: u64 = 10_000_000;

/// The job of one plugin. When its last handle is closed, by a drop or because this host has ended, the
/// system kills all its processes. None of them can leave it.
#[derive(Debug)]
pub(super) struct Job(OwnedHandle);

impl Job {
    /// An empty job whose processes have these limits.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) for a limit that Windows does not have; or the system's
    /// error.
    pub(super) fn new(limits: &[Rlimit]) -> io::Result<Self> {
        let information = information(limits)?;
        let length = u32::try_from(size_of_val(&information)).map_err(io::Error::other)?;
        // SAFETY: both pointers may be null: the job has no name, and default security. The handle that
        // the call returns is ours.
        let job = Self(unsafe { owned(CreateJobObjectW(ptr::null(), ptr::null())) }?);
        // SAFETY: the pointer is to a value of the type that the class names, and of this length.
        succeeded(unsafe {
            SetInformationJobObject(
                job.handle(),
                JobObjectExtendedLimitInformation,
                (&raw const information).cast(),
                length,
            )
        })?;
        Ok(job)
    }

    /// The handle, which stays the job's.
    pub(super) fn handle(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    /// Kills all processes of the job.
    ///
    /// # Errors
    /// The system's error. It is not an error if there are none.
    pub(super) fn kill(&self) -> io::Result<()> {
        // SAFETY: the handle is open as long as `self` is there.
        succeeded(unsafe { TerminateJobObject(self.handle(), KILLED) })
    }
}

/// What the system is told of a job with these limits.
fn information(limits: &[Rlimit]) -> io::Result<JOBOBJECT_EXTENDED_LIMIT_INFORMATION> {
    let mut information = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    let basic = &mut information.BasicLimitInformation;
    // A process that crashes ends at once: nobody sees the window in which the system would say so.
    basic.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    for limit in limits {
        match *limit {
            Rlimit::AddressSpace(bytes) => {
                information.ProcessMemoryLimit = usize::try_from(bytes).unwrap_or(usize::MAX);
                basic.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY;
            }
            Rlimit::Processes(count) => {
                basic.ActiveProcessLimit = u32::try_from(count).unwrap_or(u32::MAX);
                basic.LimitFlags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
            }
            Rlimit::CpuSeconds(seconds) => {
                let units = seconds.saturating_mul(UNITS_PER_SECOND);
                basic.PerProcessUserTimeLimit = i64::try_from(units).unwrap_or(i64::MAX);
                basic.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_TIME;
            }
            Rlimit::OpenFiles(_) => {
                let text = "Windows has no limit for the files that a process has open";
                return Err(io::Error::new(io::ErrorKind::Unsupported, text));
            }
        }
    }
    Ok(information)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_ends_with_its_last_handle() {
        let basic = information(&[]).unwrap().BasicLimitInformation;
        assert_ne!(basic.LimitFlags & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, 0);
        assert!(Job::new(&[]).unwrap().kill().is_ok());
    }

    #[test]
    fn limits_are_told_in_the_units_of_the_system() {
        let limits = [Rlimit::AddressSpace(1 << 30), Rlimit::Processes(7), Rlimit::CpuSeconds(3)];
        let information = information(&limits).unwrap();
        let basic = information.BasicLimitInformation;
        assert_eq!(information.ProcessMemoryLimit, 1 << 30);
        assert_eq!(basic.ActiveProcessLimit, 7);
        assert_eq!(basic.PerProcessUserTimeLimit, 30_000_000);
        let flags = JOB_OBJECT_LIMIT_PROCESS_MEMORY
            | JOB_OBJECT_LIMIT_ACTIVE_PROCESS
            | JOB_OBJECT_LIMIT_PROCESS_TIME;
        assert_eq!(basic.LimitFlags & flags, flags);
    }

    #[test]
    fn a_limit_that_is_too_large_for_the_system_is_its_largest() {
        let basic = information(&[Rlimit::Processes(u64::MAX), Rlimit::CpuSeconds(u64::MAX)]);
        let basic = basic.unwrap().BasicLimitInformation;
        assert_eq!((basic.ActiveProcessLimit, basic.PerProcessUserTimeLimit), (u32::MAX, i64::MAX));
    }

    #[test]
    fn a_limit_that_windows_does_not_have_is_refused() {
        let error = Job::new(&[Rlimit::OpenFiles(64)]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    }
}
