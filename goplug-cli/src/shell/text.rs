//! What the command says about itself: completions and the manual page.

use clap::CommandFactory;
use clap_complete::Shell;
use clap_complete::env::Shells;

use super::complete::VARIABLE;
use crate::arguments::Arguments;
use crate::failure::{Failure, Outcome, Status};
use crate::output::Output;

/// The name of the command, and of its program.
const NAME: &str = "goplug";

/// Prints a script with which a shell asks this program what can be typed.
pub(crate) fn completions(shell: Shell, output: &Output) -> Outcome<Status> {
    let shells = Shells::builtins();
    let completer = shells.completer(&shell.to_string());
    let completer =
        completer.ok_or_else(|| Failure::usage(format!("no completion for {shell}")))?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
    output.bytes(&script)?;
    Ok(Status::Success)
}

pub(crate) fn man(output: &Output) -> Outcome<Status> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
    output.bytes(&page)?;
    Ok(Status::Success)
}
