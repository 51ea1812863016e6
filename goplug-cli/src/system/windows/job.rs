//! Jobs: processes that end together.

// Jobs are raw handles.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::ptr::{from_ref, null};

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, IsProcessInJob, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation,
    SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{
    PROCESS_QUERY_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SET_QUOTA,
    PROCESS_TERMINATE,
};

use super::handle::{check, owned, process};

/// The exit status of a process that was killed.
const KILLED: u32 = 1;

/// The processes of a job, and all that they start.
#[derive(Debug)]
pub(super) struct Job(OwnedHandle);

impl Job {
    /// A job whose processes are killed when it is dropped.
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: the call has no preconditions, and its handle is ours.
        let job = Self(unsafe { owned(CreateJobObjectW(null(), null())) }?);
        job.set_limits(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)?;
        Ok(job)
    }

    fn set_limits(&self, flags: u32) -> io::Result<()> {
        // SAFETY: zero is valid for it.
        let mut limits: JOBOBJECT_EXTENDED_LIMIT_INFORMATION =
            unsafe { MaybeUninit::zeroed().assume_init() };
        limits.BasicLimitInformation.LimitFlags = flags;
        let size = u32::try_from(size_of_val(&limits)).map_err(io::Error::other)?;
        let (job, limits) = (self.0.as_raw_handle(), from_ref(&limits).cast());
        // SAFETY: the job is open, and the pointer is to a value of this size.
        check(unsafe {
            SetInformationJobObject(job, JobObjectExtendedLimitInformation, limits, size)
        })
    }

    /// Takes a process in.
    pub(super) fn assign(&self, pid: u32) -> io::Result<()> {
        let process = process(pid, PROCESS_SET_QUOTA | PROCESS_TERMINATE)?;
        // SAFETY: both handles are open.
        check(unsafe { AssignProcessToJobObject(self.0.as_raw_handle(), process.as_raw_handle()) })
    }

    /// Whether a process belongs to the job.
    pub(super) fn has(&self, pid: u32) -> bool {
        // Windows takes either right, and grants the limited one for more processes. wine 8 needs the other.
        [PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_QUERY_INFORMATION]
            .into_iter()
            .find_map(|rights| self.contains(&process(pid, rights).ok()?).ok())
            .unwrap_or(false)
    }

    /// # Errors
    /// The handle's rights are not enough.
    fn contains(&self, process: &OwnedHandle) -> io::Result<bool> {
        let mut is_member = 0;
        // SAFETY: both handles are open, and the pointer is to a value of ours.
        check(unsafe {
            IsProcessInJob(process.as_raw_handle(), self.0.as_raw_handle(), &raw mut is_member)
        })?;
        Ok(is_member != 0)
    }

    /// Kills all its processes.
    pub(super) fn kill(&self) {
        // SAFETY: the job is open. That its processes are gone is no error.
        unsafe { TerminateJobObject(self.0.as_raw_handle(), KILLED) };
    }

    /// Leaves its processes alone.
    pub(super) fn release(self) {
        // What fails here kills them, as a drop does.
        let _ = self.set_limits(0);
    }
}
