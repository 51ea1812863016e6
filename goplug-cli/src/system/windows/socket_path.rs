//! Names for sockets.

// Windows writes random bits to a raw address.
#![allow(unsafe_code)]

use std::io;
use std::path::PathBuf;

use windows_sys::Win32::Security::Cryptography::ProcessPrng;

use super::handle::check;

/// How the names begin that hosts and this command make.
const BEGIN: &str = r"\\.\pipe\goplug-";

/// A name that nobody can guess: everybody sees the names of all pipes, and who comes first has the name.
pub(super) fn new_socket_path() -> io::Result<PathBuf> {
    let mut bits = [0; 16];
    // SAFETY: the buffer has this length.
    check(unsafe { ProcessPrng(bits.as_mut_ptr(), bits.len()) })?;
    Ok(format!("{BEGIN}{:032x}", u128::from_ne_bytes(bits)).into())
}
