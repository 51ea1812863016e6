//! How a process ended, for people. Windows has no signals: a crash is an exit code of the system's.

use std::process::ExitStatus;

use windows_sys::Win32::Foundation::ERROR_NOT_ENOUGH_QUOTA;

/// The exit code of processes that their host kills. The bits of the system's scheme say that it is an error,
/// and that its number is not the system's.
pub(super) const KILLED: u32 = 0xe067_6f70;

/// From this code on, a code is the system's report of an error, and written as such.
const FIRST_ERROR: u32 = 0x8000_0000;

/// How a process ended.
pub fn exit_text(status: ExitStatus) -> String {
    // The system has these numbers without a sign.
    match status.code().map(i32::cast_unsigned) {
        Some(KILLED) => "killed".into(),
        Some(code) => match meaning(code) {
            Some(meaning) => format!("exit status: {} ({meaning})", written(code)),
            None => format!("exit status: {}", written(code)),
        },
        None => status.to_string(),
    }
}

/// A code as people know it.
fn written(code: u32) -> String {
    if code >= FIRST_ERROR { format!("{code:#010x}") } else { code.to_string() }
}

/// What a code means that the system gives a process.
fn meaning(code: u32) -> Option<&'static str> {
    Some(match code {
        ERROR_NOT_ENOUGH_QUOTA => "its limit of processor time is used up",
        0x8000_0003 => "breakpoint",
        0xc000_0005 => "access violation",
        0xc000_0006 => "a file that it runs could not be read",
        0xc000_0017 => "out of memory",
        0xc000_001d => "illegal instruction",
        0xc000_0025 | 0xc000_0026 => "an exception that could not be handled",
        0xc000_0043 => "a file that it needs is in use",
        0xc000_0044 => "its limit of memory or time is used up",
        0xc000_007b => "a library that it needs is for another machine, or damaged",
        0xc000_0094 => "division by zero",
        0xc000_0096 => "privileged instruction",
        0xc000_00fd => "stack overflow",
        0xc000_012d => "out of memory",
        0xc000_0135 => "a library that it needs was not found",
        0xc000_0138 | 0xc000_0139 => {
            "a library that it needs lacks a function; it is another version"
        }
        0xc000_013a => "Ctrl-C or Ctrl-Break",
        0xc000_0142 => "a library that it needs failed to start",
        0xc000_0374 => "heap corruption",
        0xc000_0409 => "it aborted, or its stack was overrun",
        0xc000_0417 => "a function of the C library got an invalid argument",
        0xc000_0420 => "assertion failed",
        0xe06d_7363 => "an exception of C++ that nobody caught",
        0xe043_4352 => "an exception of .NET that nobody caught",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::os::windows::process::ExitStatusExt;

    use super::*;

    #[test]
    fn small_codes_are_the_programs_and_large_ones_the_systems() {
        let text = |code| exit_text(ExitStatus::from_raw(code));
        assert_eq!(text(0), "exit status: 0");
        assert_eq!(text(78), "exit status: 78");
        assert_eq!(text(1816), "exit status: 1816 (its limit of processor time is used up)");
        assert_eq!(text(0xc000_0005), "exit status: 0xc0000005 (access violation)");
        assert_eq!(text(0xc000_0999), "exit status: 0xc0000999");
        assert_eq!(text(KILLED), "killed");
    }
}
