//! Prints the rooms of each crate and what breaks a rule.
//!
//! The argument is the checkout's folder; without one, it is the current folder. The exit status is
//! 1 if there is a violation.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use rooms::checkout::Checkout;
use rooms::report;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let checkout = Checkout::read(&folder)?;
    let mut out = io::stdout().lock();
    for krate in checkout.crates.iter().filter(|krate| krate.is_of_src()) {
        write!(out, "{}", report::rooms(krate))?;
    }
    let mut is_clean = true;
    for verdict in checkout.verdicts() {
        write!(out, "{verdict}")?;
        is_clean &= verdict.violations.is_empty();
    }
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
