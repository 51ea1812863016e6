//! Prints the rooms of each crate and what breaks a rule.
//!
//! The first argument is a checkout; without one it is the folder that the program is
//! started in. The status is 1 if there is a violation.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use rooms::report::Checkout;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let checkout = Checkout::read(&folder)?;
    let violations = checkout.violations()?;
    write!(io::stdout().lock(), "{}\n{violations}", checkout.graph())?;
    Ok(ExitCode::SUCCESS)
}
