//! The environment of a process, in the form that Windows takes.
//!
//! Names of variables are the same in upper and lower case, and the system looks for them in a sorted
//! list.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::OsStrExt;

/// The variable without which most programs do not start: libraries of the system are found by it.
const SYSTEM_ROOT: &str = "SystemRoot";

/// The variables as a block: each ends with a NUL, and so does the block. Of two with the same name the
/// later counts. `SystemRoot` is this process's own, unless they name another.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) for what cannot be a variable; for people.
pub(super) fn environment_block<'a>(
    variables: impl IntoIterator<Item = (&'a OsStr, &'a OsStr)>,
) -> io::Result<Vec<u16>> {
    let mut sorted = BTreeMap::new();
    if let Some(root) = std::env::var_os(SYSTEM_ROOT) {
        sorted.insert(key(OsStr::new(SYSTEM_ROOT)), entry(OsStr::new(SYSTEM_ROOT), &root)?);
    }
    for (name, value) in variables {
        sorted.insert(key(name), entry(name, value)?);
    }
    let mut block: Vec<u16> = sorted.into_values().flatten().collect();
    if block.is_empty() {
        block.push(0);
    }
    block.push(0);
    Ok(block)
}

/// Whether two names are of the same variable.
pub(super) fn is_same_name(one: &OsStr, other: &str) -> bool {
    key(one) == key(OsStr::new(other))
}

/// A name as it is compared.
fn key(name: &OsStr) -> OsString {
    match name.to_str() {
        Some(text) => text.to_uppercase().into(),
        None => name.to_ascii_uppercase(),
    }
}

fn entry(name: &OsStr, value: &OsStr) -> io::Result<Vec<u16>> {
    let mut units: Vec<u16> = name.encode_wide().collect();
    // The system itself has variables whose names begin with the sign: the folder of each drive.
    if units.is_empty() || units[1..].contains(&b'='.into()) {
        let text = format!("{name:?} cannot be the name of an environment variable");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    units.push(b'='.into());
    units.extend(value.encode_wide());
    if units.contains(&0) {
        let text = format!("an environment variable holds a NUL byte: {name:?}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    units.push(0);
    Ok(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(variables: &[(&str, &str)]) -> io::Result<Vec<String>> {
        let variables =
            variables.iter().map(|(name, value)| (OsStr::new(*name), OsStr::new(*value)));
        let block = String::from_utf16(&environment_block(variables)?).unwrap();
        let entries = block.strip_suffix("\0\0").unwrap().split('\0');
        let is_ours = |entry: &&str| !entry.to_uppercase().starts_with("SYSTEMROOT=");
        Ok(entries.filter(is_ours).map(str::to_owned).collect())
    }

    #[test]
    fn variables_are_sorted_and_the_later_of_two_counts() {
        let variables =
            [("b", "2"), ("PATH", "old"), ("A", "="), ("Path", "new"), ("=C:", r"C:\x")];
        assert_eq!(block(&variables).unwrap(), [r"=C:=C:\x", "A==", "b=2", "Path=new"]);
    }

    #[test]
    fn the_folder_of_the_system_is_always_there() {
        let text = |variables: [(&OsStr, &OsStr); 1]| {
            String::from_utf16(&environment_block(variables).unwrap()).unwrap()
        };
        let (a, one, root) = (OsStr::new("A"), OsStr::new("1"), OsStr::new("SYSTEMROOT"));
        assert!(text([(a, one)]).contains("\0SystemRoot="));
        assert_eq!(text([(root, one)]), "SYSTEMROOT=1\0\0");
    }

    #[test]
    fn what_is_no_variable_is_refused() {
        let text = |name, value| block(&[(name, value)]).unwrap_err().to_string();
        assert_eq!(text("A=B", ""), "\"A=B\" cannot be the name of an environment variable");
        assert_eq!(text("", "x"), "\"\" cannot be the name of an environment variable");
        assert_eq!(text("A", "\0"), "an environment variable holds a NUL byte: \"A\"");
    }
}
