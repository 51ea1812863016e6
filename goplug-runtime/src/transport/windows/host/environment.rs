//! What the system says of variables of the environment.

use std::ffi::OsString;

/// The variables that a process gets of its parent: where things are, the locale, and how output looks. Without the first, no program starts.
///
/// Not among them: what may be secret (tokens, proxies, whose addresses hold passwords), and what changes
/// the code that a program loads (`PYTHONPATH`, `NODE_OPTIONS`, `PSModulePath`).
pub(in crate::transport) const INHERITED: &[&str] = &[
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
    use crate::transport::is_inherited;

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
