//! What the system says of variables of the environment.

use std::ffi::{OsStr, OsString};

/// Where things are, the locale, and how output looks.
const INHERITED: [&str; 25] = [
    "CLICOLOR",
    "COLORTERM",
    "HOME",
    "LANG",
    "LANGUAGE",
    "LOCALE_ARCHIVE",
    "LOGNAME",
    "NO_COLOR",
    "PATH",
    "PYENV_VERSION",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "TZ",
    "TZDIR",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

/// How the names of further such variables begin: `LC_ALL`, `LC_CTYPE` and their like.
const INHERITED_LOCALE: &str = "LC_";

/// Whether a process gets this variable of its parent, unless somebody says otherwise.
///
/// Not among them: what may be secret (tokens, proxies, whose addresses hold passwords), what changes
/// the code that a program loads (`LD_LIBRARY_PATH`, `PYTHONPATH`, `NODE_OPTIONS`), and what leads to
/// the user's session (`DISPLAY`, `DBUS_SESSION_BUS_ADDRESS`).
pub fn is_inherited(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| INHERITED.contains(&name) || name.starts_with(INHERITED_LOCALE))
}

/// The name by which a variable is found, whichever way it is written.
pub fn variable_name(name: OsString) -> OsString {
    name
}
