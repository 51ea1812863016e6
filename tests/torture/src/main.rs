//! Measures what goplug promises of reliability. It prints one line for each figure, with its
//! bound beside it; the exit status is 1 if a bound is broken.
//!
//! The trials start this same program in other roles: as plugin, as the host that is killed,
//! as another user's client. The role is its first argument.

#![allow(clippy::print_stdout, reason = "what this program is for")]

mod asker;
#[cfg(target_os = "linux")]
mod attacker;
#[cfg(target_os = "linux")]
mod confining_host;
#[cfg(target_os = "linux")]
mod doomed_host;
mod proxy;
mod report;
mod roles;
mod test_env;
mod trials;
mod victim;

use std::process::ExitCode;

use asker::Asker;
use report::Report;
use trials::{Scale, Trial};
use victim::Victim;

const USAGE: &str = "usage: torture [--short] [--counts] [TRIAL]...

  --short    a smaller number of everything: at most 3 minutes instead of 15
  --counts   judge only what load cannot break: nothing that is measured in seconds

trials, all of them unless some are named:
";

fn main() -> ExitCode {
    // In a process that a registry started as a plugin, this serves and does not return.
    goplug::embed!(Victim, Asker);
    #[cfg(target_os = "linux")]
    goplug::embed!(attacker::Attacker);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(role) = roles::named(&arguments) {
        return role;
    }
    match plan(&arguments) {
        Ok((scale, counts, trials)) => run(scale, counts, &trials),
        Err(fault) => {
            print!("{fault}\n\n{USAGE}");
            Trial::ALL.iter().for_each(|trial| println!("  {}", trial.name()));
            ExitCode::from(2)
        }
    }
}

fn plan(arguments: &[String]) -> Result<(Scale, bool, Vec<Trial>), String> {
    let (mut scale, mut counts, mut trials) = (Scale::Full, false, Vec::new());
    for argument in arguments {
        match argument.as_str() {
            "--short" => scale = Scale::Short,
            "--counts" => counts = true,
            name => match Trial::named(name) {
                Some(trial) => trials.push(trial),
                None => return Err(format!("{name:?} is no trial")),
            },
        }
    }
    if trials.is_empty() {
        trials.extend_from_slice(Trial::ALL);
    }
    Ok((scale, counts, trials))
}

fn run(scale: Scale, counts: bool, trials: &[Trial]) -> ExitCode {
    let mut report = Report::new(counts);
    for trial in trials {
        report.begin(trial.name());
        // Each trial has its own runtime, so that no task of it disturbs the next trial.
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                println!("no runtime: {error}");
                return ExitCode::FAILURE;
            }
        };
        if let Err(error) = runtime.block_on(trial.run(scale, &mut report)) {
            report.failed(trial.name(), &error);
        }
        runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    }
    report.end()
}
