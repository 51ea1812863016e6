//! A line that shows what is being done.

use std::io::{IsTerminal, Write};

/// Shows what is being done, in place of what was shown before. Does nothing if standard error
/// is no terminal.
pub(super) fn show(what: &str) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        // A line that cannot be shown is no reason to stop measuring.
        let _ = write!(out, "\r\x1b[K{what}");
        let _ = out.flush();
    }
}
