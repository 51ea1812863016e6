//! Measures what a call into another process costs: with goplug, with the bare socket under it,
//! and with similar libraries, in one run on one machine.
//!
//! This one program is every process that takes part. Without a role it runs the measurement:
//! a fresh process of this program, the host, takes each sample, and starts another process,
//! the plugin. So nothing that one peer leaves behind affects the next measurement.
//!
//! The modules stand in the order of the rooms: each imports only from those above it, and
//! `rows` never imports from `peers`. Start reading at [`vocabulary`].

#![allow(clippy::print_stdout, reason = "what this program is for")]

mod vocabulary;

mod programs;

mod processes;

mod peers;

mod rows;

mod matrix;

mod results;

mod render;

mod command_line;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Err(error) = processes::pinning::pin_this_process() {
        eprintln!("taking the place that was assigned: {error:#}");
        return ExitCode::FAILURE;
    }
    // A process that a registry has started as a plugin does not get beyond this line.
    goplug::embed!(
        peers::Adder,
        peers::Asker,
        peers::Second,
        peers::Third,
        peers::Fourth,
        peers::Hundred,
        rows::instances::Computing
    );
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match matrix::roles::play(&arguments) {
        Some(exit_code) => exit_code,
        None => command_line::execute(&arguments),
    }
}
