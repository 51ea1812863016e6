//! What a process was started with, as it is in the process's own memory.
//!
//! No documented call tells the environment of another process. Each process has it, and its command line, in
//! a block that every debugger and every list of processes reads; its layout has been the same since Windows XP.

// The memory of another process is read at raw addresses.
#![allow(unsafe_code)]

use std::io;
use std::mem::{MaybeUninit, offset_of};
use std::os::windows::io::{AsRawHandle, OwnedHandle};

use windows_sys::Wdk::System::Threading::{NtQueryInformationProcess, ProcessBasicInformation};
use windows_sys::Win32::Foundation::UNICODE_STRING;
use windows_sys::Win32::System::Diagnostics::Debug::ReadProcessMemory;
use windows_sys::Win32::System::Threading::{
    PEB, PROCESS_BASIC_INFORMATION, PROCESS_QUERY_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION,
    PROCESS_VM_READ, RTL_USER_PROCESS_PARAMETERS,
};

use super::handle::{check, process};

/// The size of a page: what is in one page can be read at once.
const PAGE: usize = 4096;

/// The longest environment that is read, in bytes.
const LONGEST: usize = 1024 * 1024;

/// What the kernel says of a process.
fn basic(handle: &OwnedHandle) -> io::Result<PROCESS_BASIC_INFORMATION> {
    let mut found = MaybeUninit::<PROCESS_BASIC_INFORMATION>::zeroed();
    let size = u32::try_from(size_of::<PROCESS_BASIC_INFORMATION>()).map_err(io::Error::other)?;
    // SAFETY: the handle is open, the pointer is to a value of this size, and zero is valid for it.
    let (status, found) = unsafe {
        let pointer = found.as_mut_ptr().cast();
        let handle = handle.as_raw_handle();
        let status = NtQueryInformationProcess(
            handle,
            ProcessBasicInformation,
            pointer,
            size,
            std::ptr::null_mut(),
        );
        (status, found.assume_init())
    };
    match status {
        0.. => Ok(found),
        ..0 => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// The process that has started a process.
pub(super) fn parent(pid: u32) -> io::Result<u32> {
    let found = basic(&process(pid, PROCESS_QUERY_LIMITED_INFORMATION)?)?;
    u32::try_from(found.InheritedFromUniqueProcessId).map_err(io::Error::other)
}

/// The memory in which a process has what it was started with.
pub(super) struct Parameters {
    process: OwnedHandle,
    address: usize,
}

impl Parameters {
    /// # Errors
    /// There is no such process, or only others may know.
    pub(super) fn of(pid: u32) -> io::Result<Self> {
        let process = process(pid, PROCESS_QUERY_INFORMATION | PROCESS_VM_READ)?;
        let block = basic(&process)?.PebBaseAddress.expose_provenance();
        let mut parameters = Self { process, address: 0 };
        parameters.address = parameters.word(block + offset_of!(PEB, ProcessParameters))?;
        Ok(parameters)
    }

    /// The command line.
    pub(super) fn command_line(&self) -> io::Result<Vec<u16>> {
        let text = self.address + offset_of!(RTL_USER_PROCESS_PARAMETERS, CommandLine);
        let length = self.read(text + offset_of!(UNICODE_STRING, Length), size_of::<u16>())?;
        let length = u16::from_le_bytes([length[0], length[1]]);
        let address = self.word(text + offset_of!(UNICODE_STRING, Buffer))?;
        Ok(letters(&self.read(address, length.into())?))
    }

    /// The variables, each with a zero behind it.
    pub(super) fn environment(&self) -> io::Result<Vec<u16>> {
        // It is behind the command line, which is the last member that is declared.
        let mut address = self.word(self.address + size_of::<RTL_USER_PROCESS_PARAMETERS>())?;
        let mut environment = Vec::new();
        while environment.len() * size_of::<u16>() < LONGEST {
            let page = self.read(address, PAGE - address % PAGE)?;
            address += page.len();
            let begin = environment.len().saturating_sub(1);
            environment.extend(letters(&page));
            if let Some(end) = environment[begin..].windows(2).position(|pair| pair == [0, 0]) {
                environment.truncate(begin + end + 1);
                break;
            }
        }
        Ok(environment)
    }

    /// The address at an address.
    fn word(&self, address: usize) -> io::Result<usize> {
        let bytes = self.read(address, size_of::<usize>())?;
        let bytes = bytes.try_into().map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        Ok(usize::from_le_bytes(bytes))
    }

    fn read(&self, address: usize, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut count = 0;
        let from = std::ptr::with_exposed_provenance(address);
        // SAFETY: the buffer has this length. The address is of another process: nothing is read here.
        check(unsafe {
            let process = self.process.as_raw_handle();
            ReadProcessMemory(process, from, bytes.as_mut_ptr().cast(), length, &raw mut count)
        })?;
        match count == length {
            true => Ok(bytes),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

fn letters(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
}
