//! Processes.

// No crate in use lists processes.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::fs::MetadataExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Foundation::{FILETIME, LocalFree};
use windows_sys::Win32::System::ProcessStatus::K32EnumProcesses;
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION,
    QueryFullProcessImageNameW,
};
use windows_sys::Win32::UI::Shell::CommandLineToArgvW;

use super::files::joined;
use super::handle::{check, process, text_at};
use super::not_here;
use super::process_memory::{self, Parameters};

/// How many processes are listed first.
const PROCESSES: usize = 1024;

/// The longest path that there is.
const LONGEST_PATH: usize = 32 * 1024;

/// The ids of all processes. None if Windows does not say.
pub(crate) fn process_ids() -> impl Iterator<Item = u32> {
    let mut ids = vec![0; PROCESSES];
    loop {
        let count = list(&mut ids);
        if count < ids.len() {
            ids.truncate(count);
            return ids.into_iter();
        }
        // There may be more.
        ids.resize(ids.len() * 2, 0);
    }
}

/// Lists as many processes as there is room for. Returns how many.
fn list(ids: &mut [u32]) -> usize {
    let Ok(size) = u32::try_from(size_of_val(ids)) else { return 0 };
    let mut written = 0;
    // SAFETY: the buffer has this size, in bytes, and the pointers are to values of ours.
    let is_listed = unsafe { K32EnumProcesses(ids.as_mut_ptr(), size, &raw mut written) } != 0;
    let written = if is_listed { written } else { 0 };
    usize::try_from(written).unwrap_or_default() / size_of::<u32>()
}

/// The program of a process, as it was called, and its arguments.
pub(in crate::system) fn arguments_of(pid: u32) -> io::Result<Vec<OsString>> {
    let mut line = Parameters::of(pid)?.command_line()?;
    line.push(0);
    let mut count = 0;
    // SAFETY: the line ends in a zero, and the pointer is to a value of ours.
    let words = unsafe { CommandLineToArgvW(line.as_ptr(), &raw mut count) };
    if words.is_null() {
        return Err(io::Error::last_os_error());
    }
    let arguments = (0..usize::try_from(count).unwrap_or_default()).map(|index| {
        // SAFETY: there are so many pointers to texts that end in a zero.
        unsafe { text_at(*words.add(index)) }
    });
    let arguments = arguments.collect();
    // SAFETY: the memory is Windows' own, and nothing points to it any more.
    unsafe { LocalFree(words.cast()) };
    Ok(arguments)
}

/// The process that has started a process.
pub(in crate::system) fn parent_of(pid: u32) -> Option<u32> {
    process_memory::parent(pid).ok()
}

/// The path of the program that a process was started from.
pub(in crate::system) fn executable(pid: u32) -> Option<PathBuf> {
    let process = process(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
    let mut path = vec![0; LONGEST_PATH];
    let mut length = u32::try_from(path.len()).ok()?;
    // SAFETY: the handle is open, and the buffer has this length.
    check(unsafe {
        let handle = process.as_raw_handle();
        QueryFullProcessImageNameW(handle, PROCESS_NAME_WIN32, path.as_mut_ptr(), &raw mut length)
    })
    .ok()?;
    path.truncate(usize::try_from(length).ok()?);
    Some(OsString::from_wide(&path).into())
}

/// Whether a process, which was started from this path, executes the very file that is there now. The system
/// names only the path, so a process is taken for an old one if it is older than what the file contains.
pub(in crate::system) fn executes(pid: u32, program: &Path) -> bool {
    let written = fs::metadata(program).map(|found| found.last_write_time());
    started(pid).is_ok_and(|started| written.is_ok_and(|written| started >= written))
}

/// When a process was started, in the unit of the times of files.
fn started(pid: u32) -> io::Result<u64> {
    let process = process(pid, PROCESS_QUERY_LIMITED_INFORMATION)?;
    let mut times = [MaybeUninit::<FILETIME>::zeroed(); 4];
    let [created, exited, kernel, user] = times.each_mut().map(MaybeUninit::as_mut_ptr);
    // SAFETY: the handle is open, the pointers are to values of ours, and zero is valid for them.
    let created = unsafe {
        check(GetProcessTimes(process.as_raw_handle(), created, exited, kernel, user))?;
        created.read()
    };
    Ok(joined(created.dwHighDateTime, created.dwLowDateTime))
}

/// Whether a process executes the same program as this one.
pub(crate) fn runs_this_command(pid: u32) -> bool {
    let own = executable(std::process::id());
    own.is_some() && own == executable(pid)
}

/// The names of the open files of a process.
///
/// # Errors
/// Windows tells them only of this process.
pub(crate) fn open_files(_process: u64) -> io::Result<Vec<String>> {
    Err(not_here("what another process has open is not known"))
}

/// Where standard output and standard error of a process go, if that is a file or a terminal.
///
/// # Errors
/// Windows does not tell it.
pub(crate) fn outputs_of(_pid: u32) -> io::Result<[Option<PathBuf>; 2]> {
    Err(not_here("where a process writes is not known"))
}

/// Whether a process holds a socket of this path for another. A plugin makes its pipe itself: none does.
pub(crate) fn holds_listener(_process: u32, _socket: &Path) -> bool {
    false
}
