//! The owner of a file and its access list, read from the form in which Windows stores them.
//!
//! The form is the self-relative security descriptor of MS-DTYP, 2.4.6: offsets into one buffer. It is
//! read as bytes, so that no pointer has to be trusted.

// Windows writes the descriptor into a buffer that the caller gives.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle};

use windows_sys::Win32::Foundation::ERROR_INSUFFICIENT_BUFFER;
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetKernelObjectSecurity, OWNER_SECURITY_INFORMATION,
};

use super::sid::Sid;

/// Room for the descriptors of most files.
const COMMON_SIZE: u32 = 512;

/// How often a buffer may turn out too small, because somebody extends the list meanwhile.
const ATTEMPTS: usize = 5;

/// The bit of a descriptor's flags that it has an access list.
const HAS_LIST: u16 = 0x0004;

/// An entry with this flag is for files that are made in the folder, not for the folder itself.
const INHERIT_ONLY: u8 = 0x08;

/// Owner and access list of a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SecurityDescriptor {
    pub(super) owner: Sid,
    /// What the list grants; `None` if there is no list, so that everybody may do everything.
    pub(super) grants: Option<Vec<Grant>>,
}

/// An entry of an access list that allows something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) to: Sid,
    /// The rights, as bits of an `ACCESS_MASK`.
    pub(super) rights: u32,
}

impl SecurityDescriptor {
    /// Those of an open file or pipe, which was opened with the right to read them: to read the file
    /// includes that.
    ///
    /// # Errors
    /// The system's error, or [`InvalidData`](io::ErrorKind::InvalidData) for an entry of an unknown
    /// kind.
    pub(super) fn of(file: &impl AsHandle) -> io::Result<Self> {
        let wrong = || {
            io::Error::new(io::ErrorKind::InvalidData, "its owner or access list is not readable")
        };
        Self::parse(&read(file.as_handle())?).ok_or_else(wrong)
    }

    /// Reads a self-relative descriptor; `None` if it is damaged, has no owner, or has an entry of an unknown
    /// kind.
    fn parse(bytes: &[u8]) -> Option<Self> {
        // An offset of zero stands for what is not there.
        let owner = Some(offset(bytes, 4)?).filter(|offset| *offset != 0)?;
        let owner = Sid::parse(bytes.get(owner..)?)?;
        let list = Some(offset(bytes, 16)?).filter(|offset| *offset != 0);
        let grants =
            match list.filter(|_| u16_at(bytes, 2).is_some_and(|flags| flags & HAS_LIST != 0)) {
                Some(list) => Some(grants(bytes.get(list..)?)?),
                None => None,
            };
        Some(Self { owner, grants })
    }
}

/// The descriptor's bytes, owner and access list alone.
fn read(file: BorrowedHandle<'_>) -> io::Result<Vec<u8>> {
    let parts = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let mut size = COMMON_SIZE;
    for _ in 0..ATTEMPTS {
        let mut bytes = vec![0_u8; size as usize];
        let mut needed = 0;
        // SAFETY: the file is open during the call, which writes at most `size` bytes to the buffer.
        let read = unsafe {
            let buffer = bytes.as_mut_ptr().cast();
            GetKernelObjectSecurity(file.as_raw_handle(), parts, buffer, size, &raw mut needed)
        };
        if read != 0 {
            return Ok(bytes);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(ERROR_INSUFFICIENT_BUFFER.cast_signed()) {
            return Err(error);
        }
        size = needed.max(size);
    }
    Err(io::Error::other("its access list changes again and again"))
}

/// What the entries of a list allow. Entries that deny are left out: who reads the list for safety
/// takes each right that is granted for one that somebody has.
fn grants(list: &[u8]) -> Option<Vec<Grant>> {
    let count = u16_at(list, 4)?;
    let mut rest = list.get(8..)?;
    let mut grants = Vec::new();
    for _ in 0..count {
        let (kind, flags) = (*rest.first()?, *rest.get(1)?);
        let entry = rest.get(..usize::from(u16_at(rest, 2)?))?;
        let sid_at = match kind {
            // Allowed, and allowed under a condition.
            0 | 9 => Some(8),
            // The same for one kind of object, with up to two identifiers of kinds.
            5 | 11 => Some(12 + 16 * (u32_at(entry, 8)? & 0b11).count_ones() as usize),
            // Denied.
            1 | 6 | 10 | 12 => None,
            _ => return None,
        };
        if let Some(sid_at) = sid_at.filter(|_| flags & INHERIT_ONLY == 0) {
            let to = Sid::parse(entry.get(sid_at..)?)?;
            grants.push(Grant { to, rights: u32_at(entry, 4)? });
        }
        rest = rest.get(entry.len().max(4)..)?;
    }
    Some(grants)
}

fn offset(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    const EVERYONE: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    const SYSTEM: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];

    fn entry(kind: u8, flags: u8, rights: u32, before_sid: &[u8]) -> Vec<u8> {
        let size = u8::try_from(8 + before_sid.len() + EVERYONE.len()).unwrap();
        let mut entry = vec![kind, flags, size, 0];
        entry.extend(rights.to_le_bytes());
        entry.extend(before_sid);
        entry.extend(EVERYONE);
        entry
    }

    /// A descriptor whose owner is the system.
    fn descriptor(entries: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![1, 0, 0x04, 0x80, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0];
        bytes.extend(SYSTEM);
        bytes.extend([2, 0, 0, 0, u8::try_from(entries.len()).unwrap(), 0, 0, 0]);
        bytes.extend(entries.concat());
        bytes
    }

    fn rights(entries: &[Vec<u8>]) -> Vec<u32> {
        let descriptor = SecurityDescriptor::parse(&descriptor(entries)).unwrap();
        assert!(descriptor.owner.is_system());
        descriptor.grants.unwrap().iter().map(|grant| grant.rights).collect()
    }

    #[test]
    fn each_kind_of_entry_that_allows_is_read() {
        let one_kind = [&[1, 0, 0, 0][..], &[7; 16]].concat();
        let two_kinds = [&[3, 0, 0, 0][..], &[7; 32]].concat();
        let entries = [
            entry(0, 0, 1, &[]),
            entry(9, 0, 2, &[]),
            entry(5, 0, 3, &one_kind),
            entry(11, 0, 4, &two_kinds),
        ];
        assert_eq!(rights(&entries), [1, 2, 3, 4]);
    }

    #[test]
    fn entries_that_deny_or_are_for_files_in_the_folder_allow_nothing() {
        assert!(rights(&[entry(1, 0, 1, &[]), entry(0, INHERIT_ONLY, 1, &[])]).is_empty());
    }

    #[test]
    fn a_descriptor_without_a_list_is_told_from_an_empty_list() {
        let mut bytes = descriptor(&[]);
        assert_eq!(SecurityDescriptor::parse(&bytes).unwrap().grants, Some(Vec::new()));
        bytes[2] = 0;
        assert_eq!(SecurityDescriptor::parse(&bytes).unwrap().grants, None);
        bytes[2] = 4;
        bytes[16] = 0;
        assert_eq!(SecurityDescriptor::parse(&bytes).unwrap().grants, None);
    }

    #[test]
    fn what_is_damaged_or_unknown_is_not_taken_for_harmless() {
        let whole = descriptor(&[entry(0, 0, 1, &[])]);
        for length in 0..whole.len() {
            assert_eq!(SecurityDescriptor::parse(&whole[..length]), None, "{length}");
        }
        assert_eq!(SecurityDescriptor::parse(&descriptor(&[entry(77, 0, 1, &[])])), None);
    }

    #[test]
    fn a_descriptor_without_an_owner_is_nobodys() {
        let mut bytes = descriptor(&[]);
        bytes[4] = 0;
        assert_eq!(SecurityDescriptor::parse(&bytes), None);
    }

    #[test]
    fn the_descriptor_of_a_file_names_its_owner() {
        let temp = tempfile::NamedTempFile::new().unwrap();
        let descriptor = SecurityDescriptor::of(&File::open(temp.path()).unwrap()).unwrap();
        let own = Sid::of_this_process().unwrap();
        assert!(descriptor.owner == *own || descriptor.owner.is_administrators(), "{descriptor:?}");
    }
}
