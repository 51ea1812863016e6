//! Values that look different on each system, for the unit tests of the rooms above.

use std::ffi::OsString;
#[cfg(feature = "host")]
use std::io;
use std::os::windows::ffi::OsStringExt;

#[cfg(feature = "host")]
use windows_sys::Win32::Foundation::ERROR_TOO_MANY_OPEN_FILES;

/// A name that is not Unicode, how it is shown, and how serde writes it.
pub(crate) fn not_utf8() -> (OsString, &'static str, &'static str) {
    (OsString::from_wide(&[0x66, 0xd800]), "\"f\\u{d800}\"", r#"{"Windows":[102,55296]}"#)
}

/// The error of a process that has as many files open as it may have.
#[cfg(feature = "host")]
pub(crate) fn shortage() -> io::Error {
    io::Error::from_raw_os_error(ERROR_TOO_MANY_OPEN_FILES.cast_signed())
}

/// Runs this where nothing confines a process: that is everywhere on Windows.
#[cfg(feature = "host")]
pub(crate) fn without_confinement<T>(run: impl FnOnce() -> T) -> T {
    run()
}
