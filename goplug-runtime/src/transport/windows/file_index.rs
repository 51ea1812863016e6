//! Which file it is, whatever its name.

// Windows writes what it knows of a file into a structure that the caller gives.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_BASIC_INFO, FILE_ID_INFO, FILE_INFO_BY_HANDLE_CLASS,
    FILE_STANDARD_INFO, FileBasicInfo, FileIdInfo, FileStandardInfo, GetFileInformationByHandle,
    GetFileInformationByHandleEx,
};

use super::call_result::succeeded;

/// The identity of a file: its volume, and its number there. No two files have the same as long as both
/// exist or are open; after that, another file may get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIndex {
    volume: u64,
    number: u128,
}

impl FileIndex {
    /// Of an open file or folder.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        match information::<FILE_ID_INFO>(file) {
            Ok(id) => Ok(Self {
                volume: id.VolumeSerialNumber,
                number: u128::from_le_bytes(id.FileId.Identifier),
            }),
            // A file system that has no numbers of 128 bits.
            Err(error) if is_unsupported(&error) => Self::short(file),
            Err(error) => Err(error),
        }
    }

    /// The number of 64 bits, which each file system has.
    fn short(file: &File) -> io::Result<Self> {
        let mut found = MaybeUninit::<BY_HANDLE_FILE_INFORMATION>::zeroed();
        // SAFETY: the file is open during the call, which fills the structure if it succeeds. All of its
        // members are integers, so that zeroes are valid.
        let found = unsafe {
            succeeded(GetFileInformationByHandle(file.as_raw_handle(), found.as_mut_ptr()))?;
            found.assume_init()
        };
        let number = u64::from(found.nFileIndexHigh) << 32 | u64::from(found.nFileIndexLow);
        Ok(Self { volume: found.dwVolumeSerialNumber.into(), number: number.into() })
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    [ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED]
        .map(|code| Some(code.cast_signed()))
        .contains(&error.raw_os_error())
}

/// A structure that Windows fills with what it knows of a file.
///
/// # Safety
/// It consists of integers, and belongs to this class of information.
pub(super) unsafe trait Information: Sized {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS;
}

// SAFETY: as the declarations of Windows say.
unsafe impl Information for FILE_ID_INFO {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS = FileIdInfo;
}

// SAFETY: as the declarations of Windows say.
unsafe impl Information for FILE_BASIC_INFO {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS = FileBasicInfo;
}

// SAFETY: as the declarations of Windows say.
unsafe impl Information for FILE_STANDARD_INFO {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS = FileStandardInfo;
}

/// What Windows knows of an open file.
pub(super) fn information<I: Information>(file: &File) -> io::Result<I> {
    let mut found = MaybeUninit::<I>::zeroed();
    #[expect(clippy::cast_possible_truncation, reason = "these structures are small")]
    let size = size_of::<I>() as u32;
    // SAFETY: the file is open during the call, which writes at most `size` bytes to the structure. Zeroes
    // are valid for integers.
    unsafe {
        let target = found.as_mut_ptr().cast();
        succeeded(GetFileInformationByHandleEx(file.as_raw_handle(), I::CLASS, target, size))?;
        Ok(found.assume_init())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_file_is_the_same_and_another_in_its_place_is_not() {
        let temp = tempfile::tempdir().unwrap();
        let (path, moved) = (temp.path().join("a"), temp.path().join("b"));
        std::fs::write(&path, "").unwrap();
        let opened = File::open(&path).unwrap();
        let index = FileIndex::of(&opened).unwrap();
        std::fs::rename(&path, &moved).unwrap();
        std::fs::write(&path, "").unwrap();
        assert_eq!(FileIndex::of(&File::open(&moved).unwrap()).unwrap(), index);
        assert_ne!(FileIndex::of(&File::open(&path).unwrap()).unwrap(), index);
    }

    #[test]
    fn the_short_number_tells_files_apart_too() {
        let temp = tempfile::tempdir().unwrap();
        let file = |name| File::create(temp.path().join(name)).unwrap();
        let (one, other) = (file("a"), file("b"));
        assert_ne!(FileIndex::short(&one).unwrap(), FileIndex::short(&other).unwrap());
    }
}
