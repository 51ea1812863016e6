//! Processes: whether they run, their memory, and the environment that they were started with.
//!
//! No documented call tells the environment of another process. It is in a block of the process's own memory,
//! whose layout has been the same since Windows XP.

#![allow(unsafe_code)]

use std::io;
use std::mem::offset_of;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Wdk::System::Threading::{NtQueryInformationProcess, ProcessBasicInformation};
use windows_sys::Win32::Foundation::WAIT_TIMEOUT;
use windows_sys::Win32::System::Diagnostics::Debug::ReadProcessMemory;
use windows_sys::Win32::System::ProcessStatus::{
    K32EnumProcesses, K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS,
};
use windows_sys::Win32::System::Threading::{
    OpenProcess, PEB, PROCESS_ACCESS_RIGHTS, PROCESS_BASIC_INFORMATION, PROCESS_QUERY_INFORMATION,
    PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, PROCESS_VM_READ,
    RTL_USER_PROCESS_PARAMETERS, TerminateProcess, WaitForSingleObject,
};

/// How many processes are listed at most.
const MOST: usize = 16 * 1024;

/// The size of a page: what is in one page can be read at once.
const PAGE: usize = 4096;

/// The longest environment that is read, in UTF-16 units.
const LONGEST: usize = 1024 * 1024;

/// A process, with some rights to it.
pub(super) struct Process(OwnedHandle);

impl Process {
    fn open(id: u32, rights: PROCESS_ACCESS_RIGHTS) -> Option<Self> {
        // SAFETY: the call has no preconditions, and its handle is nobody else's.
        unsafe {
            let handle = OpenProcess(rights, 0, id);
            (!handle.is_null()).then(|| Self(OwnedHandle::from_raw_handle(handle)))
        }
    }

    /// Whether a process of this id runs. One that has ended has its id for as long as somebody has a handle.
    pub(super) fn runs(id: u32) -> bool {
        Self::open(id, PROCESS_SYNCHRONIZE).is_some_and(|process| {
            // SAFETY: the handle is open.
            unsafe { WaitForSingleObject(process.0.as_raw_handle(), 0) == WAIT_TIMEOUT }
        })
    }

    /// Ends a process with the status 1, if there is one of this id.
    pub(super) fn kill(id: u32) {
        if let Some(process) = Self::open(id, PROCESS_TERMINATE) {
            // SAFETY: the handle is open. A process that has ended already is no fault.
            unsafe { TerminateProcess(process.0.as_raw_handle(), 1) };
        }
    }

    /// The resident memory of a process, in bytes.
    pub(super) fn memory(id: u32) -> Option<usize> {
        let process = Self::open(id, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_VM_READ)?;
        let mut counters = PROCESS_MEMORY_COUNTERS::default();
        let size = u32::try_from(size_of_val(&counters)).ok()?;
        // SAFETY: the handle is open, and the pointer is to a value of this size.
        let told =
            unsafe { K32GetProcessMemoryInfo(process.0.as_raw_handle(), &raw mut counters, size) };
        (told != 0).then_some(counters.WorkingSetSize)
    }

    /// The variables that a process was started with, each with a zero behind it; `None` if only others may know.
    pub(super) fn environment(id: u32) -> Option<Vec<u16>> {
        let process = Self::open(id, PROCESS_QUERY_INFORMATION | PROCESS_VM_READ)?;
        let block = process.block()?;
        let parameters = process.word(block + offset_of!(PEB, ProcessParameters))?;
        // It is behind the last member that is declared.
        let mut address = process.word(parameters + size_of::<RTL_USER_PROCESS_PARAMETERS>())?;
        let mut environment = Vec::new();
        while environment.len() < LONGEST {
            let page = process.read(address, PAGE - address % PAGE)?;
            address += page.len();
            let begin = environment.len().saturating_sub(1);
            let units = page.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            environment.extend(units);
            if let Some(end) = environment[begin..].windows(2).position(|pair| pair == [0, 0]) {
                environment.truncate(begin + end + 1);
                break;
            }
        }
        Some(environment)
    }

    /// The address of the block in which a process has what it was started with.
    fn block(&self) -> Option<usize> {
        let mut found = PROCESS_BASIC_INFORMATION::default();
        let size = u32::try_from(size_of_val(&found)).ok()?;
        // SAFETY: the handle is open, and the pointer is to a value of this size.
        let status = unsafe {
            NtQueryInformationProcess(
                self.0.as_raw_handle(),
                ProcessBasicInformation,
                (&raw mut found).cast(),
                size,
                std::ptr::null_mut(),
            )
        };
        (status >= 0).then(|| found.PebBaseAddress.expose_provenance())
    }

    /// The address at an address.
    fn word(&self, address: usize) -> Option<usize> {
        let bytes = self.read(address, size_of::<usize>())?;
        Some(usize::from_le_bytes(bytes.try_into().ok()?))
    }

    fn read(&self, address: usize, length: usize) -> Option<Vec<u8>> {
        let (mut bytes, mut count) = (vec![0; length], 0);
        let from = std::ptr::with_exposed_provenance(address);
        // SAFETY: the buffer has this length. The address is of another process: nothing is read here.
        let done = unsafe {
            let process = self.0.as_raw_handle();
            ReadProcessMemory(process, from, bytes.as_mut_ptr().cast(), length, &raw mut count)
        };
        (done != 0 && count == length).then_some(bytes)
    }
}

/// The ids of all processes.
///
/// # Errors
/// The system's error.
pub(super) fn ids() -> io::Result<Vec<u32>> {
    let mut ids = vec![0; MOST];
    let size = u32::try_from(size_of_val(&*ids)).map_err(io::Error::other)?;
    let mut written = 0;
    // SAFETY: the buffer has this size, in bytes, and the pointers are to values of ours.
    if unsafe { K32EnumProcesses(ids.as_mut_ptr(), size, &raw mut written) } == 0 {
        return Err(io::Error::last_os_error());
    }
    ids.truncate(usize::try_from(written).map_err(io::Error::other)? / size_of::<u32>());
    Ok(ids)
}
