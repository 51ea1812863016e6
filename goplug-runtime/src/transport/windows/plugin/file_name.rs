//! Names that a file cannot have.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

/// What each folder has, whether or not a file of this name was made there. An extension changes nothing.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// The same with a digit behind.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// What no name has. A colon would name a stream of a file, and not the file.
const FORBIDDEN: [char; 9] = ['<', '>', ':', '"', '/', '\\', '|', '?', '*'];

/// Checks that a file can be made at this path: that its name is not one that Windows keeps for itself, or
/// changes.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput), for people.
pub(super) fn check_file_name(path: &Path) -> io::Result<()> {
    let Some(name) = path.file_name().and_then(OsStr::to_str) else { return Ok(()) };
    let problem = if is_device(name) {
        format!("{name} is a device of Windows, and cannot be the name of a file")
    } else if let Some(wrong) = name.chars().find(|c| *c < ' ' || FORBIDDEN.contains(c)) {
        format!("{name:?} cannot be the name of a file, since Windows allows no {wrong:?} in names")
    } else if name.ends_with(['.', ' ']) {
        format!("{name:?} cannot be the name of a file, since Windows drops its last character")
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

/// Whether a name is a device's, whatever its extension.
fn is_device(name: &str) -> bool {
    let base = name.split('.').next().unwrap_or(name).trim_end_matches(' ');
    let is_numbered = |device: &&str| {
        let (Some(head), Some(tail)) = (base.get(..device.len()), base.get(device.len()..)) else {
            return false;
        };
        let is_digit = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "\u{b9}", "\u{b2}", "\u{b3}"];
        head.eq_ignore_ascii_case(device) && is_digit.contains(&tail)
    };
    DEVICES.iter().any(|device| base.eq_ignore_ascii_case(device))
        || NUMBERED_DEVICES.iter().any(is_numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_windows_keeps_for_itself_is_refused() {
        let check = |name: &str| check_file_name(&Path::new(r"C:\plugins").join(name));
        for name in ["con.pconf", "Aux.Report.pconf", "COM1.pconf", "lpt\u{b2}.pconf", "NUL .pconf"]
        {
            let text = check(name).unwrap_err().to_string();
            assert!(text.contains("is a device of Windows"), "{text}");
        }
        for name in ["console.pconf", "COM.pconf", "COM10.pconf", "acme.Con.pconf", "\u{fc}.pconf"]
        {
            assert!(check(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_name_that_would_mean_another_file_is_refused() {
        for name in ["a?b.pconf", "a.pconf ", "a.pconf.", "tab\t.pconf"] {
            assert!(check_file_name(&Path::new("folder").join(name)).is_err(), "{name}");
        }
    }
}
