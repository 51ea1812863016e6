//! Random bits of the system.

// The system writes them to an address.
#![allow(unsafe_code)]

/// Whether the system has filled these few bytes with random bits.
pub(in crate::transport::unix) fn fill_random(bytes: &mut [u8]) -> bool {
    // SAFETY: the address has this many bytes.
    unsafe {
        libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) == bytes.len().cast_signed()
    }
}
