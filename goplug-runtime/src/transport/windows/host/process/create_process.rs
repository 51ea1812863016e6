//! The call that makes a process.
//!
//! The standard library lets a process inherit every handle that is inheritable, which would also be those
//! meant for other processes. Here the process inherits the handles that are named, and it is in its job
//! before its first instruction.

// No safe crate names the handles that a process inherits.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::marker::PhantomData;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::System::Console::GetConsoleProcessList;
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_UNICODE_ENVIRONMENT, CreateProcessW,
    DeleteProcThreadAttributeList, EXTENDED_STARTUPINFO_PRESENT, InitializeProcThreadAttributeList,
    LPPROC_THREAD_ATTRIBUTE_LIST, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
    PROC_THREAD_ATTRIBUTE_JOB_LIST, PROCESS_INFORMATION, STARTF_USESTDHANDLES, STARTUPINFOEXW,
    UpdateProcThreadAttribute,
};

use super::error_mode::WithoutWindows;
use super::job::Job;
use crate::transport::windows::call_result::succeeded;

/// Everything that a process needs, in the form that the system takes. The texts end with a NUL.
pub(super) struct Parts<'a> {
    pub(super) program: Vec<u16>,
    pub(super) command_line: Vec<u16>,
    pub(super) environment: Vec<u16>,
    pub(super) folder: Vec<u16>,
    pub(super) stdin: OwnedHandle,
    pub(super) stdout: OwnedHandle,
    pub(super) stderr: OwnedHandle,
    /// Its number is the same in the process.
    pub(super) lifeline: OwnedHandle,
    pub(super) job: &'a Job,
}

/// A process that runs.
pub(super) struct Created {
    pub(super) id: u32,
    pub(super) process: OwnedHandle,
}

impl Parts<'_> {
    /// Makes the process. It inherits the four handles and nothing else.
    ///
    /// A process that another part of this program starts at the same moment may inherit the handles as
    /// well, and keep the plugin's output open.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn create(mut self) -> io::Result<Created> {
        let handles = [&self.stdin, &self.stdout, &self.stderr, &self.lifeline]
            .map(AsRawHandle::as_raw_handle);
        handles.into_iter().try_for_each(make_inheritable)?;
        let job = self.job.handle();
        let mut attributes = Attributes::new(2)?;
        attributes.set(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &handles)?;
        attributes.set(PROC_THREAD_ATTRIBUTE_JOB_LIST, std::slice::from_ref(&job))?;
        let mut startup = STARTUPINFOEXW::default();
        startup.StartupInfo.cb = length_of(&startup)?;
        startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
        [
            startup.StartupInfo.hStdInput,
            startup.StartupInfo.hStdOutput,
            startup.StartupInfo.hStdError,
            _,
        ] = handles;
        startup.lpAttributeList = attributes.list();
        let mut made = PROCESS_INFORMATION::default();
        let without_windows = WithoutWindows::new();
        // SAFETY: every pointer is to a value that lives until the call returns; the texts end with a NUL,
        // the environment with two, and the size of the startup information is its own.
        succeeded(unsafe {
            CreateProcessW(
                self.program.as_ptr(),
                self.command_line.as_mut_ptr(),
                ptr::null(),
                ptr::null(),
                1,
                flags(),
                self.environment.as_ptr().cast(),
                self.folder.as_ptr(),
                (&raw const startup).cast(),
                &raw mut made,
            )
        })?;
        drop(without_windows);
        // SAFETY: both handles were just made, and have no other owner.
        let (process, _thread) = unsafe {
            (
                OwnedHandle::from_raw_handle(made.hProcess),
                OwnedHandle::from_raw_handle(made.hThread),
            )
        };
        Ok(Created { id: made.dwProcessId, process })
    }
}

fn make_inheritable(handle: HANDLE) -> io::Result<()> {
    // SAFETY: the call fails if the handle is not open.
    succeeded(unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) })
}

/// How the process is made. It leads its own group, so that the terminal's Ctrl-C is its host's alone.
/// If this process has no console, no window opens for one.
fn flags() -> u32 {
    let window = if has_console() { 0 } else { CREATE_NO_WINDOW };
    CREATE_NEW_PROCESS_GROUP | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT | window
}

/// Whether this process has a console, which the processes that it starts share.
pub(super) fn has_console() -> bool {
    let mut process = 0;
    // SAFETY: the pointer is to a list of this length.
    unsafe { GetConsoleProcessList(&raw mut process, 1) > 0 }
}

fn length_of<T>(value: &T) -> io::Result<u32> {
    u32::try_from(size_of_val(value)).map_err(io::Error::other)
}

/// Further settings of a new process, which live as long as what they are set to.
struct Attributes<'a> {
    /// Of the alignment that the system needs.
    memory: Vec<usize>,
    values: PhantomData<&'a [HANDLE]>,
}

impl<'a> Attributes<'a> {
    fn new(count: u32) -> io::Result<Self> {
        let mut length = 0;
        // SAFETY: without a list, the call only says how long the list has to be.
        unsafe { InitializeProcThreadAttributeList(ptr::null_mut(), count, 0, &raw mut length) };
        let mut memory = vec![0_usize; length.div_ceil(size_of::<usize>())];
        // SAFETY: the memory has the length that the call has just asked for.
        succeeded(unsafe {
            InitializeProcThreadAttributeList(memory.as_mut_ptr().cast(), count, 0, &raw mut length)
        })?;
        Ok(Self { memory, values: PhantomData })
    }

    /// Sets an attribute whose value is a list of handles.
    fn set(&mut self, attribute: u32, handles: &'a [HANDLE]) -> io::Result<()> {
        let (value, length) = (handles.as_ptr().cast::<c_void>(), size_of_val(handles));
        // SAFETY: the list was initialized; the handles stay where they are as long as it is there.
        succeeded(unsafe {
            UpdateProcThreadAttribute(
                self.list(),
                0,
                attribute as usize,
                value,
                length,
                ptr::null_mut(),
                ptr::null(),
            )
        })
    }

    fn list(&mut self) -> LPPROC_THREAD_ATTRIBUTE_LIST {
        self.memory.as_mut_ptr().cast()
    }
}

impl Drop for Attributes<'_> {
    fn drop(&mut self) {
        // SAFETY: the list was initialized, and is used no more.
        unsafe { DeleteProcThreadAttributeList(self.list()) };
    }
}
