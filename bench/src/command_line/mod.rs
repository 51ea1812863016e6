//! The command line: its arguments, and what a run prints and writes.
//!
//! This is the last room and may import from all others. Start reading at
//! [`arguments`].

mod arguments;
mod run;

use std::process::ExitCode;

use crate::vocabulary::{PeerName, Placement, RowName};

/// Does what the arguments ask for.
pub(crate) fn execute(arguments: &[String]) -> ExitCode {
    let options = match arguments::parse(arguments) {
        Ok(options) => options,
        Err(fault) => {
            eprintln!("{fault}\n\n{}", arguments::USAGE);
            eprintln!("rows:       {}", RowName::ALL.map(RowName::name).join(" "));
            eprintln!("peers:      {}", PeerName::ALL.map(PeerName::name).join(" "));
            eprintln!("placements: {}", Placement::ALL.map(Placement::name).join(" "));
            return ExitCode::from(2);
        }
    };
    match run::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
