//! The program that this process runs, for plugins that are part of it.

// No safe crate asks for the path that a running program's file has now.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::io;
use std::os::windows::ffi::OsStringExt;

use windows_sys::Win32::System::Threading::{GetCurrentProcess, QueryFullProcessImageNameW};

use super::program::OpenProgram;
use crate::transport::windows::call_result::succeeded;

/// The longest path, in units of UTF-16.
const MAX_PATH: usize = 32_768;

/// The program that this process runs. While it runs its file can be neither written nor removed, but
/// renamed, which an upgrade does: then this is the renamed file, at its path of now.
///
/// # Errors
/// The system's error, for example that no file can be opened for the moment.
pub fn own_program() -> io::Result<OpenProgram> {
    let mut path = vec![0; MAX_PATH];
    let mut length = u32::try_from(path.len()).map_err(io::Error::other)?;
    // SAFETY: the memory is of this length; the handle is a constant that stands for this process.
    succeeded(unsafe {
        QueryFullProcessImageNameW(GetCurrentProcess(), 0, path.as_mut_ptr(), &raw mut length)
    })?;
    let path = OsString::from_wide(path.get(..length as usize).unwrap_or_default());
    OpenProgram::open(path.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_program_is_the_file_that_runs() {
        let own = own_program().unwrap();
        let expected = std::env::current_exe().unwrap();
        assert_eq!(own.path().canonicalize().unwrap(), expected.canonicalize().unwrap());
    }
}
