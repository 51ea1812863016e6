//! Processes: whether they run, their memory and time, and the environment that they were started with.
//!
//! No documented call tells the environment of another process. It is in a block of the process's own memory,
//! whose layout has been the same since Windows XP.

#![allow(unsafe_code)]

use std::io;
use std::mem::offset_of;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Wdk::System::Threading::{NtQueryInformationProcess, ProcessBasicInformation};
use windows_sys::Win32::Foundation::{FILETIME, WAIT_TIMEOUT};
use windows_sys::Win32::System::Diagnostics::Debug::ReadProcessMemory;
use windows_sys::Win32::System::ProcessStatus::{
    K32EnumProcesses, K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetProcessTimes, OpenProcess, PEB, PROCESS_ACCESS_RIGHTS,
    PROCESS_BASIC_INFORMATION, PROCESS_QUERY_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION,
    PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, PROCESS_VM_READ, QueryFullProcessImageNameW,
    RTL_USER_PROCESS_PARAMETERS, TerminateProcess, WaitForSingleObject,
};

/// The program that serves a console.
const CONSOLE: &str = "\\conhost.exe";

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
        Self::open(id, PROCESS_SYNCHRONIZE).is_some_and(|process| process.is_running())
    }

    fn is_running(&self) -> bool {
        // SAFETY: the handle is open.
        unsafe { WaitForSingleObject(self.0.as_raw_handle(), 0) == WAIT_TIMEOUT }
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

    /// The variables that the process was started with, each with a zero behind it.
    fn environment(&self) -> Option<Vec<u16>> {
        let block = self.block()?;
        let parameters = self.word(block + offset_of!(PEB, ProcessParameters))?;
        // It is behind the last member that is declared.
        let mut address = self.word(parameters + size_of::<RTL_USER_PROCESS_PARAMETERS>())?;
        let mut environment = Vec::new();
        while environment.len() < LONGEST {
            let page = self.read(address, PAGE - address % PAGE)?;
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

    /// The path of its program.
    fn program(&self) -> Option<String> {
        let mut path = vec![0; PAGE];
        let mut length = u32::try_from(path.len()).ok()?;
        // SAFETY: the handle is open, and the buffer has this length.
        let told = unsafe {
            let process = self.0.as_raw_handle();
            QueryFullProcessImageNameW(process, 0, path.as_mut_ptr(), &raw mut length)
        };
        (told != 0).then(|| String::from_utf16_lossy(&path[..length as usize]))
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

/// A process, and the variables that it was started with. No other process gets its id as long as this is there.
pub(super) struct Started {
    process: Process,
    environment: Vec<u16>,
}

impl Started {
    /// `None` if only others may know, or there is no such process. One that Windows has started for a console has
    /// no variables: it inherits those of the program that wants the console.
    pub(super) fn of(id: u32) -> Option<Self> {
        let rights = PROCESS_QUERY_INFORMATION | PROCESS_VM_READ | PROCESS_SYNCHRONIZE;
        let process = Process::open(id, rights)?;
        let mut environment = process.environment()?;
        if process.program()?.ends_with(CONSOLE) {
            environment.clear();
        }
        Some(Self { process, environment })
    }

    pub(super) fn runs(&self) -> bool {
        self.process.is_running()
    }

    /// Whether it has this variable, written with its value as `NAME=VALUE`.
    pub(super) fn has_variable(&self, line: &[u16]) -> bool {
        self.environment.split(|unit| *unit == 0).any(|variable| variable == line)
    }
}

/// The largest resident memory that this process has had, in bytes.
///
/// # Errors
/// The system's error.
pub fn peak_memory() -> io::Result<u64> {
    let mut counters = PROCESS_MEMORY_COUNTERS::default();
    let size = u32::try_from(size_of_val(&counters)).map_err(io::Error::other)?;
    // SAFETY: the handle stands for this process, and the pointer is to a value of this size.
    if unsafe { K32GetProcessMemoryInfo(GetCurrentProcess(), &raw mut counters, size) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(counters.PeakWorkingSetSize as u64)
}

/// The processor time of this process, its own and the system's for it.
///
/// # Errors
/// The system's error.
pub fn processor_time() -> io::Result<Duration> {
    let mut times = [FILETIME::default(); 4];
    let [created, exited, kernel, user] = times.each_mut().map(|time| &raw mut *time);
    // SAFETY: the handle stands for this process, and the pointers are to the values of the array.
    if unsafe { GetProcessTimes(GetCurrentProcess(), created, exited, kernel, user) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // In units of 100 ns.
    let units =
        |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    Ok(Duration::from_nanos(100 * (units(times[2]) + units(times[3]))))
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
