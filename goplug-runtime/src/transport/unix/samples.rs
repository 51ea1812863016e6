//! Values that look different on each system, for the unit tests of the rooms above.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;

/// A name that is not UTF-8, how it is shown, and how serde writes it.
pub(crate) fn not_utf8() -> (OsString, &'static str, &'static str) {
    (OsString::from_vec(vec![b'f', 0xff]), "\"f\\xFF\"", r#"{"Unix":[102,255]}"#)
}

/// The error of a process that has as many files open as it may have.
pub(crate) fn shortage() -> io::Error {
    rustix::io::Errno::MFILE.into()
}
