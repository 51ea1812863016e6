//! What the command says about itself: completions and the manual page.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::failure::{Outcome, Status};
use crate::output::Output;

pub(crate) fn completions(shell: Shell, output: &Output) -> Outcome<Status> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "goplug", &mut script);
    output.bytes(&script)?;
    Ok(Status::Success)
}

pub(crate) fn man(output: &Output) -> Outcome<Status> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
    output.bytes(&page)?;
    Ok(Status::Success)
}
