//! What the system says of variables of the environment.

use std::ffi::OsString;

/// The variables that a process gets of its parent: where things are, the locale, and how output looks.
///
/// Not among them: what may be secret (tokens, proxies, whose addresses hold passwords), what changes
/// the code that a program loads (`LD_LIBRARY_PATH`, `PYTHONPATH`, `NODE_OPTIONS`), and what leads to
/// the user's session (`DISPLAY`, `DBUS_SESSION_BUS_ADDRESS`).
pub(in crate::transport) const INHERITED: &[&str] = &[
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

/// The name by which a variable is found, whichever way it is written.
pub fn variable_name(name: OsString) -> OsString {
    name
}
