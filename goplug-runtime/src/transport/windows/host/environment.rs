//! What the system says of variables of the environment.

use std::ffi::{OsStr, OsString};

/// Where things are, the locale, and how output looks. Without the first, no program starts.
const INHERITED: [&str; 39] = [
    "SYSTEMROOT",
    "ALLUSERSPROFILE",
    "APPDATA",
    "CLICOLOR",
    "COLORTERM",
    "COMMONPROGRAMFILES",
    "COMMONPROGRAMFILES(X86)",
    "COMMONPROGRAMW6432",
    "COMSPEC",
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "LANG",
    "LANGUAGE",
    "LOCALAPPDATA",
    "NO_COLOR",
    "NUMBER_OF_PROCESSORS",
    "OS",
    "PATH",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "PROGRAMW6432",
    "PUBLIC",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMDRIVE",
    "TEMP",
    "TERM",
    "TMP",
    "TZ",
    "USERDOMAIN",
    "USERNAME",
    "USERPROFILE",
    "WINDIR",
];

/// How the names of further such variables begin: `LC_ALL`, `LC_CTYPE` and their like.
const INHERITED_LOCALE: &str = "LC_";

/// Whether a process gets this variable of its parent, unless somebody says otherwise. The name is as
/// [`variable_name`] returns it.
///
/// Not among them: what may be secret (tokens, proxies, whose addresses hold passwords), and what changes
/// the code that a program loads (`PYTHONPATH`, `NODE_OPTIONS`, `PSModulePath`).
pub fn is_inherited(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| INHERITED.contains(&name) || name.starts_with(INHERITED_LOCALE))
}

/// The name by which a variable is found, whichever way it is written: in upper case, since `Path` and
/// `PATH` are the same to Windows.
pub fn variable_name(name: OsString) -> OsString {
    match name.to_str() {
        Some(text) => text.to_uppercase().into(),
        None => name.to_ascii_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_needs_to_start_is_inherited_however_it_is_written() {
        for name in ["SystemRoot", "Path", "PATHEXT", "windir", "ProgramFiles(x86)", "lc_all"] {
            assert!(is_inherited(&variable_name(name.into())), "{name}");
        }
        for name in ["GITHUB_TOKEN", "HTTPS_PROXY", "PSModulePath"] {
            assert!(!is_inherited(&variable_name(name.into())), "{name}");
        }
    }
}
