//! Questions to the user, where a terminal is.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::Outcome;

/// Asks a question. The answer is the default if there is no terminal, or nothing is typed.
pub(super) fn ask(question: &str, default: &str) -> Outcome<String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() || !io::stderr().is_terminal() {
        return Ok(default.to_owned());
    }
    let mut stderr = io::stderr();
    write!(stderr, "{question} [{default}]: ")?;
    stderr.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(match answer.trim() {
        "" => default.to_owned(),
        answer => answer.to_owned(),
    })
}
