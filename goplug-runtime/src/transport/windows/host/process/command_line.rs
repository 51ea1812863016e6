//! A command line: Windows hands a program one text, which the program itself divides into arguments.
//!
//! Nearly all programs divide it as `CommandLineToArgvW` and the C runtime do: an argument in quotation
//! marks may hold spaces, and a backslash is an escape only before a quotation mark.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;

/// The longest command line that the system takes, in units of UTF-16, with the NUL at its end.
const MAX_LENGTH: usize = 32_767;

const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

/// The command line of a program with these arguments, with the NUL at its end.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if an argument holds a NUL,
/// [`ArgumentListTooLong`](io::ErrorKind::ArgumentListTooLong) if all are too long together; for people.
pub(super) fn command_line(program: &Path, args: &[OsString]) -> io::Result<Vec<u16>> {
    let mut line = vec![QUOTE];
    // Backslashes are no escapes here, and no path has a quotation mark.
    line.extend(program.as_os_str().encode_wide());
    line.push(QUOTE);
    for argument in args {
        line.push(b' '.into());
        push(argument, &mut line)?;
    }
    line.push(0);
    if line.len() > MAX_LENGTH {
        let text = "its arguments are too long";
        return Err(io::Error::new(io::ErrorKind::ArgumentListTooLong, text));
    }
    Ok(line)
}

fn push(argument: &OsStr, line: &mut Vec<u16>) -> io::Result<()> {
    let units: Vec<u16> = argument.encode_wide().collect();
    if units.contains(&0) {
        let text = format!("an argument holds a NUL byte: {argument:?}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let is_space = |unit: &u16| matches!(u8::try_from(*unit), Ok(b' ' | b'\t' | b'\n' | 0x0b));
    let is_quoted = units.is_empty() || units.iter().any(is_space);
    if is_quoted {
        line.push(QUOTE);
    }
    let mut backslashes = 0;
    for unit in units {
        if unit == QUOTE {
            // Those before it were written once: twice each, and one for the mark itself.
            line.extend(std::iter::repeat_n(BACKSLASH, backslashes + 1));
        }
        backslashes = if unit == BACKSLASH { backslashes + 1 } else { 0 };
        line.push(unit);
    }
    if is_quoted {
        line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
        line.push(QUOTE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(args: &[&str]) -> String {
        let args: Vec<_> = args.iter().map(OsString::from).collect();
        let line = command_line(Path::new(r"C:\a b\p.exe"), &args).unwrap();
        String::from_utf16(line.strip_suffix(&[0]).unwrap()).unwrap()
    }

    #[test]
    fn arguments_are_quoted_as_the_c_runtime_reads_them() {
        assert_eq!(line(&[]), r#""C:\a b\p.exe""#);
        for (argument, quoted) in [
            ("plain", "plain"),
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("a\tb", "\"a\tb\""),
            (r#"say "x""#, r#""say \"x\"""#),
            (r#"""#, r#"\""#),
            (r"C:\x\", r"C:\x\"),
            (r"C:\x y\", r#""C:\x y\\""#),
            (r#"\\""#, r#"\\\\\""#),
            ("ü%PATH%^&|", "ü%PATH%^&|"),
        ] {
            assert_eq!(line(&[argument]), format!(r#""C:\a b\p.exe" {quoted}"#), "{argument}");
        }
    }

    #[test]
    fn what_the_system_does_not_take_is_refused() {
        let error = command_line(Path::new("p"), &["a\0b".into()]).unwrap_err();
        assert_eq!(error.to_string(), "an argument holds a NUL byte: \"a\\0b\"");
        let longest = MAX_LENGTH - r#""p" "#.len() - 1;
        assert!(command_line(Path::new("p"), &["x".repeat(longest).into()]).is_ok());
        let error = command_line(Path::new("p"), &["x".repeat(longest + 1).into()]).unwrap_err();
        assert_eq!(error.to_string(), "its arguments are too long");
    }
}
