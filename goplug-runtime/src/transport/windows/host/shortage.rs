//! Whether an error of the system passes by itself.

use std::io;

use windows_sys::Win32::Foundation::{
    ERROR_BAD_NETPATH, ERROR_CLOUD_FILE_NETWORK_UNAVAILABLE, ERROR_CLOUD_FILE_PROVIDER_NOT_RUNNING,
    ERROR_COMMITMENT_LIMIT, ERROR_CRC, ERROR_DELETE_PENDING, ERROR_DEV_NOT_EXIST, ERROR_DISK_FULL,
    ERROR_DISK_QUOTA_EXCEEDED, ERROR_HANDLE_DISK_FULL, ERROR_HOST_DOWN, ERROR_HOST_UNREACHABLE,
    ERROR_IO_DEVICE, ERROR_LOCK_VIOLATION, ERROR_MAX_THRDS_REACHED, ERROR_NETNAME_DELETED,
    ERROR_NETWORK_BUSY, ERROR_NETWORK_UNREACHABLE, ERROR_NO_PROC_SLOTS, ERROR_NO_SYSTEM_RESOURCES,
    ERROR_NONPAGED_SYSTEM_RESOURCES, ERROR_NOT_ENOUGH_MEMORY, ERROR_NOT_ENOUGH_QUOTA,
    ERROR_NOT_READY, ERROR_OUTOFMEMORY, ERROR_PAGED_SYSTEM_RESOURCES, ERROR_PAGEFILE_QUOTA,
    ERROR_REM_NOT_LIST, ERROR_SEM_TIMEOUT, ERROR_SHARING_VIOLATION, ERROR_TOO_MANY_OPEN_FILES,
    ERROR_UNEXP_NET_ERR, ERROR_WORKING_SET_QUOTA, WIN32_ERROR,
};

use crate::transport::os_error::os_error;

/// What the host is short of while it has one of these errors: handles, processes, threads, memory,
/// room on a disk.
const SHORTAGES: [WIN32_ERROR; 16] = [
    ERROR_TOO_MANY_OPEN_FILES,
    ERROR_NO_PROC_SLOTS,
    ERROR_MAX_THRDS_REACHED,
    ERROR_NOT_ENOUGH_MEMORY,
    ERROR_OUTOFMEMORY,
    ERROR_NO_SYSTEM_RESOURCES,
    ERROR_NONPAGED_SYSTEM_RESOURCES,
    ERROR_PAGED_SYSTEM_RESOURCES,
    ERROR_WORKING_SET_QUOTA,
    ERROR_PAGEFILE_QUOTA,
    ERROR_COMMITMENT_LIMIT,
    ERROR_NOT_ENOUGH_QUOTA,
    ERROR_DISK_FULL,
    ERROR_HANDLE_DISK_FULL,
    ERROR_DISK_QUOTA_EXCEEDED,
    ERROR_NETWORK_BUSY,
];

/// Errors of a file that somebody uses for the moment, as a virus scanner does, and of a disk, a server
/// or a cloud that does not work for the moment.
const PASSING: [WIN32_ERROR; 17] = [
    ERROR_SHARING_VIOLATION,
    ERROR_LOCK_VIOLATION,
    ERROR_DELETE_PENDING,
    ERROR_NOT_READY,
    ERROR_IO_DEVICE,
    ERROR_CRC,
    ERROR_REM_NOT_LIST,
    ERROR_BAD_NETPATH,
    ERROR_DEV_NOT_EXIST,
    ERROR_UNEXP_NET_ERR,
    ERROR_NETNAME_DELETED,
    ERROR_SEM_TIMEOUT,
    ERROR_HOST_DOWN,
    ERROR_HOST_UNREACHABLE,
    ERROR_NETWORK_UNREACHABLE,
    ERROR_CLOUD_FILE_PROVIDER_NOT_RUNNING,
    ERROR_CLOUD_FILE_NETWORK_UNAVAILABLE,
];

/// Whether the host was short of something that it may have again soon: handles, processes, memory,
/// room on a disk. The error may be wrapped in others.
pub fn is_shortage(error: &io::Error) -> bool {
    is_one_of(error, &SHORTAGES)
}

/// What this process or the system is short of, if that is the error, and what helps: for people.
pub fn shortage_advice(error: &io::Error) -> Option<&'static str> {
    Some(match os_error(error)?.cast_unsigned() {
        ERROR_TOO_MANY_OPEN_FILES => "this process has as many files open as it may: close some",
        ERROR_COMMITMENT_LIMIT | ERROR_PAGEFILE_QUOTA => {
            "the system is short of memory: end programs, or let its paging file grow"
        }
        ERROR_NOT_ENOUGH_MEMORY
        | ERROR_OUTOFMEMORY
        | ERROR_NO_SYSTEM_RESOURCES
        | ERROR_NONPAGED_SYSTEM_RESOURCES
        | ERROR_PAGED_SYSTEM_RESOURCES => "the system is short of memory",
        ERROR_NOT_ENOUGH_QUOTA => "this process, or its job, has as much memory as it may",
        _ => return None,
    })
}

/// Whether an error of reading a file or folder says nothing about the file: a shortage, or a disk or
/// server that does not work for the moment.
pub fn is_passing(error: &io::Error) -> bool {
    is_shortage(error) || is_one_of(error, &PASSING)
}

fn is_one_of(error: &io::Error, codes: &[WIN32_ERROR]) -> bool {
    os_error(error).is_some_and(|number| codes.contains(&number.cast_unsigned()))
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND};

    use super::*;
    use crate::transport::explain;

    fn error(code: WIN32_ERROR) -> io::Error {
        io::Error::from_raw_os_error(code.cast_signed())
    }

    #[test]
    fn a_shortage_is_known_by_its_number() {
        for code in SHORTAGES {
            assert!(is_shortage(&error(code)) && is_passing(&error(code)), "{code}");
        }
        for code in [ERROR_FILE_NOT_FOUND, ERROR_ACCESS_DENIED, ERROR_IO_DEVICE] {
            assert!(!is_shortage(&error(code)), "{code}");
        }
    }

    #[test]
    fn there_is_advice_for_what_a_process_is_short_of() {
        let advice = shortage_advice(&error(ERROR_COMMITMENT_LIMIT)).unwrap();
        assert!(advice.contains("paging file"), "{advice}");
        assert_eq!(shortage_advice(&error(ERROR_FILE_NOT_FOUND)), None);
    }

    #[test]
    fn a_file_that_is_in_use_passes_and_is_no_shortage() {
        for code in PASSING {
            assert!(is_passing(&error(code)) && !is_shortage(&error(code)), "{code}");
        }
        assert!(!is_passing(&error(ERROR_ACCESS_DENIED)));
    }

    #[test]
    fn an_error_that_was_explained_is_still_known() {
        let explained = explain(error(ERROR_OUTOFMEMORY), "no pipe".into());
        assert!(is_shortage(&explained) && is_shortage(&io::Error::other(explained)));
    }
}
