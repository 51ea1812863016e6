//! What the kernel says of processes, by libproc and `sysctl`.

// No safe crate offers these calls.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::mem::MaybeUninit;

/// How many more processes may begin while they are listed.
const RESERVE: usize = 64;

/// The ids of all processes. None if the system does not say.
pub(super) fn process_ids() -> Vec<u32> {
    // SAFETY: without a buffer, the call returns how many there are.
    let count = unsafe { libc::proc_listallpids(std::ptr::null_mut(), 0) };
    let mut ids = vec![0_i32; usize::try_from(count).unwrap_or_default() + RESERVE];
    let Ok(size) = c_int::try_from(size_of_val(&*ids)) else { return Vec::new() };
    // SAFETY: the buffer has this size, in bytes.
    let count = unsafe { libc::proc_listallpids(ids.as_mut_ptr().cast(), size) };
    ids.truncate(usize::try_from(count).unwrap_or_default());
    ids.into_iter().map(i32::cast_unsigned).collect()
}

/// The state of a process. `None` if there is none, or if only others may know.
pub(super) fn basic(process: u32) -> Option<libc::proc_bsdinfo> {
    let mut info = MaybeUninit::<libc::proc_bsdinfo>::zeroed();
    let size = c_int::try_from(size_of::<libc::proc_bsdinfo>()).ok()?;
    // SAFETY: the struct is plain data of the size that the kernel is told.
    let written = unsafe {
        let info = info.as_mut_ptr().cast();
        libc::proc_pidinfo(process.cast_signed(), libc::PROC_PIDTBSDINFO, 0, info, size)
    };
    // SAFETY: zero is valid for it, and the kernel has filled it.
    (written == size).then(|| unsafe { info.assume_init() })
}

/// The path of the program that a process runs.
pub(super) fn program(process: u32) -> Option<Vec<u8>> {
    let mut path = vec![0; usize::try_from(libc::PROC_PIDPATHINFO_MAXSIZE).ok()?];
    let size = u32::try_from(path.len()).ok()?;
    // SAFETY: the buffer has this size.
    let length =
        unsafe { libc::proc_pidpath(process.cast_signed(), path.as_mut_ptr().cast(), size) };
    path.truncate(usize::try_from(length).ok().filter(|length| *length > 0)?);
    Some(path)
}

/// The program, the arguments and the environment of a process, as the kernel keeps them.
///
/// # Errors
/// The system's error: there is no such process, or only others may know.
pub(super) fn arguments(process: u32) -> io::Result<Vec<u8>> {
    let mut block = vec![0; longest_arguments()?];
    let length =
        read(&mut [libc::CTL_KERN, libc::KERN_PROCARGS2, process.cast_signed()], &mut block)?;
    block.truncate(length);
    Ok(block)
}

/// How long they are at the most.
fn longest_arguments() -> io::Result<usize> {
    let mut value = [0; size_of::<c_int>()];
    read(&mut [libc::CTL_KERN, libc::KERN_ARGMAX], &mut value)?;
    usize::try_from(c_int::from_ne_bytes(value)).map_err(io::Error::other)
}

/// Reads a value of the kernel. Returns its length.
fn read(name: &mut [c_int], value: &mut [u8]) -> io::Result<usize> {
    let count = u32::try_from(name.len()).map_err(io::Error::other)?;
    let mut length = value.len();
    // SAFETY: name and value are slices of the lengths that the kernel is told, and nothing is written to the
    // kernel.
    let outcome = unsafe {
        let value = value.as_mut_ptr().cast();
        libc::sysctl(name.as_mut_ptr(), count, value, &raw mut length, std::ptr::null_mut(), 0)
    };
    if outcome == 0 { Ok(length) } else { Err(io::Error::last_os_error()) }
}
