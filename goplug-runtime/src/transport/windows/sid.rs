//! Users and groups of Windows, by their security identifiers.

// Windows tells of them by pointers into buffers that the caller gives.
#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle};
use std::ptr::null_mut;
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Security::{GetTokenInformation, PSID, TOKEN_QUERY, TOKEN_USER, TokenUser};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION,
};

use super::call_result::{owned, succeeded};

/// Windows' own user, as which its services run: S-1-5-18.
const SYSTEM: &[u8] = &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];

/// The group of administrators: S-1-5-32-544.
const ADMINISTRATORS: &[u8] = &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0];

/// The bytes of an identifier before its parts of four bytes each.
const HEAD: usize = 8;

/// The most parts that an identifier has.
const MAX_PARTS: u8 = 15;

/// The bytes of an identifier with this many parts.
const fn length(parts: u8) -> usize {
    HEAD + 4 * parts as usize
}

/// Room for a [`TOKEN_USER`] with the longest identifier, in words so that it is aligned.
const TOKEN_USER_WORDS: usize = 16;

/// The security identifier of a user or a group.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sid(Box<[u8]>);

impl Sid {
    /// The user as whom this process runs.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn of_this_process() -> io::Result<&'static Self> {
        static OWN: OnceLock<Sid> = OnceLock::new();
        if let Some(own) = OWN.get() {
            return Ok(own);
        }
        // SAFETY: the call takes nothing, and its pseudo handle is valid for as long as the process is.
        let own = Self::of_process_handle(unsafe { GetCurrentProcess() })?;
        Ok(OWN.get_or_init(|| own))
    }

    /// The user as whom a process runs.
    ///
    /// # Errors
    /// The system's error, if there is no such process or this one may not ask for it.
    pub(super) fn of_process(pid: u32) -> io::Result<Self> {
        // SAFETY: the call takes numbers only. The handle that it returns is ours.
        let process = unsafe { owned(OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid))? };
        Self::of_process_handle(process.as_raw_handle())
    }

    fn of_process_handle(process: HANDLE) -> io::Result<Self> {
        let mut token = null_mut();
        // SAFETY: `token` lives during the call, which writes a handle that is ours from here on.
        let token = unsafe {
            succeeded(OpenProcessToken(process, TOKEN_QUERY, &raw mut token))?;
            owned(token)?
        };
        Self::of_token(&token)
    }

    fn of_token(token: &impl AsHandle) -> io::Result<Self> {
        let token = token.as_handle().as_raw_handle();
        let mut information = [0_u64; TOKEN_USER_WORDS];
        let buffer = information.as_mut_ptr().cast();
        #[expect(clippy::cast_possible_truncation, reason = "it is 128")]
        let size = size_of_val(&information) as u32;
        let mut needed = 0;
        // SAFETY: the buffer has this size and the alignment of the structure. After a call that
        // succeeds it holds one, whose identifier lies in the same buffer.
        unsafe {
            succeeded(GetTokenInformation(token, TokenUser, buffer, size, &raw mut needed))?;
            Self::read((*buffer.cast::<TOKEN_USER>()).User.Sid)
        }
    }

    /// Copies the identifier at this address.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if there is none.
    ///
    /// # Safety
    /// The address is null, or that of an identifier that lives during the call.
    unsafe fn read(sid: PSID) -> io::Result<Self> {
        if sid.is_null() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let sid = sid.cast::<u8>();
        // SAFETY: the caller says that there is an identifier. Its second byte tells its length.
        let bytes = unsafe { std::slice::from_raw_parts(sid, length(*sid.add(1))) };
        Self::parse(bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The identifier with which these bytes begin, in the form that Windows stores (MS-DTYP, 2.4.2);
    /// `None` if there is none.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let [1, count @ ..=MAX_PARTS, ..] = *bytes else { return None };
        Some(Self(bytes.get(..length(count))?.into()))
    }

    /// Whether this is Windows itself.
    pub(super) fn is_system(&self) -> bool {
        *self.0 == *SYSTEM
    }

    /// Whether this is the group of administrators, which owns what a process with all rights of an
    /// administrator makes.
    pub(super) fn is_administrators(&self) -> bool {
        *self.0 == *ADMINISTRATORS
    }
}

/// In the form `S-1-5-…`.
impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, parts) = self.0.split_at(HEAD);
        let authority = head[2..].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        write!(f, "S-1-{authority}")?;
        for part in parts.as_chunks().0 {
            write!(f, "-{}", u32::from_le_bytes(*part))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_this_process_is_known_in_each_way() {
        let own = Sid::of_this_process().unwrap();
        assert_eq!(*own, Sid::of_process(std::process::id()).unwrap());
        assert!(own.to_string().starts_with("S-1-5-21-"), "{own}");
        assert!(!own.is_administrators());
    }

    #[test]
    fn the_users_of_windows_are_named_as_it_names_them() {
        let (system, administrators) =
            (Sid::parse(SYSTEM).unwrap(), Sid::parse(ADMINISTRATORS).unwrap());
        assert_eq!(system.to_string(), "S-1-5-18");
        assert_eq!(administrators.to_string(), "S-1-5-32-544");
        assert!(system.is_system() && !system.is_administrators());
        assert!(administrators.is_administrators() && !administrators.is_system());
    }

    #[test]
    fn an_identifier_is_read_up_to_its_own_end() {
        let longer = [ADMINISTRATORS, &[7; 3]].concat();
        assert!(Sid::parse(&longer).unwrap().is_administrators());
        for length in 0..ADMINISTRATORS.len() {
            assert_eq!(Sid::parse(&ADMINISTRATORS[..length]), None);
        }
        assert_eq!(Sid::parse(&[2, 0, 0, 0, 0, 0, 0, 5]), None);
        assert_eq!(Sid::parse(&[[1, 16, 0, 0, 0, 0, 0, 5].as_slice(), &[0; 64]].concat()), None);
    }

    #[test]
    fn a_process_that_is_not_there_has_no_user() {
        // No process has an odd number.
        assert!(Sid::of_process(u32::MAX).is_err());
    }
}
