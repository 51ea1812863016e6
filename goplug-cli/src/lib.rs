//! The command `goplug`: sees, calls, makes and mends plugins without a program around it. As a
//! library there is only [`main`].
//!
//! The files, each of which imports only from those before it: `system` is all that depends on the
//! operating system; `failure` is how the command fails, with which exit status; `output` is what it
//! prints, `log` what plugins say; `arguments` is the command line; `pconf` is the file of a plugin, `target` the
//! plugin that a user names, `program` its program, `running` its processes, and `opened` that plugin, ready
//! to be called; `see`, `call`, `make`, `install` and `conformance` are the verbs, and `develop` is the verb that
//! installs again and again; `shell` is about the command itself.

mod arguments;
mod call;
mod conformance;
mod develop;
mod failure;
mod install;
mod log;
mod make;
mod opened;
mod output;
mod pconf;
mod program;
mod running;
mod see;
mod shell;
mod system;
mod target;

use std::env;
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Builder;

use crate::arguments::{Arguments, Verb};
use crate::failure::{Failure, Outcome, Status};
use crate::output::Output;
use crate::system::told_to_end;

/// The whole command: reads the command line of this process, and does what it asks for. The exit status
/// is one of those that `goplug --help` lists.
pub fn main() -> ExitCode {
    shell::complete();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let output = Output::new(arguments.json);
    if let Verb::ScriptedPlugin(options) = &arguments.verb
        && !options.serve
        // Before there are descriptors other than those that the host has passed.
        && let Err(failure) = conformance::begin_as_plugin(options)
    {
        return output.fail(&failure);
    }
    match run(arguments, &output) {
        Ok(status) => status.into(),
        Err(failure) => output.fail(&failure),
    }
}

/// What clap has to say: help is no failure.
fn usage(error: &clap::Error) -> ExitCode {
    let is_failure = error.use_stderr();
    if is_failure && env::args_os().any(|word| word == "--json") {
        return Output::new(true).fail(&Failure::usage(what_is_wrong(&error.to_string())));
    }
    // There is nobody to tell that the output is closed.
    let _ = error.print();
    if is_failure { Status::Usage.into() } else { Status::Success.into() }
}

/// The first paragraph of clap's text, in one line: the names of what is missing have lines of their own.
fn what_is_wrong(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

fn run(arguments: Arguments, output: &Output) -> Outcome<Status> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    // The one ends its host itself, and the script of the other says what a signal does.
    let ends_itself = matches!(arguments.verb, Verb::Dev(_) | Verb::ScriptedPlugin(_));
    let outcome = runtime.block_on(async {
        tokio::select! {
            biased;
            // Dropping the verb ends what it has started.
            told = told_to_end(), if !ends_itself => match told {
                Ok(()) => Err(Failure::interrupted()),
                Err(error) => Err(error.into()),
            },
            outcome = dispatch(arguments.verb, output) => outcome,
        }
    });
    // A thread may wait for input that never comes.
    runtime.shutdown_background();
    outcome
}

async fn dispatch(verb: Verb, output: &Output) -> Outcome<Status> {
    match verb {
        Verb::Ls(options) => see::list(&options, output).await,
        Verb::Describe(options) => see::describe(&options, output).await,
        Verb::Check(options) => see::check(&options, output).await,
        Verb::Call(options) => call::call(&options, output).await,
        Verb::Listen(options) => call::listen(&options, output).await,
        Verb::Ping(options) => call::ping(&options, output).await,
        Verb::Logs(subject) => call::logs(&subject, output).await,
        Verb::Stop(options) => call::stop(&options, output).await,
        Verb::New(options) => make::new(&options, output),
        Verb::Install(options) => install::install(&options, output).await,
        Verb::Dev(options) => develop::dev(&options, output).await,
        Verb::Uninstall(options) => install::uninstall(&options, output).await,
        Verb::Generate(options) => see::generate(&options, output).await,
        Verb::Conformance(options) => conformance::conformance(&options, output).await,
        Verb::ScriptedPlugin(options) => conformance::scripted_plugin(&options).await,
        Verb::Doctor(options) => see::doctor(&options, output).await,
        Verb::Completions { shell } => shell::completions(shell, output),
        Verb::Man => shell::man(output),
    }
}
