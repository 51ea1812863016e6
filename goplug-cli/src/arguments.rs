//! The command line.

mod conformance;
mod folder;
mod log_level;
mod new_name;
mod times;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use goplug::PluginId;

pub(crate) use self::conformance::{Conformance, ScriptedPlugin};
pub(crate) use self::folder::Folder;
use self::log_level::log_level;
use self::new_name::new_name;
use self::times::duration;

/// See, call, make and mend plugins without writing a program.
#[derive(Debug, Parser)]
#[command(name = "goplug", bin_name = "goplug", version, propagate_version = true, after_help = STATUSES)]
pub(crate) struct Arguments {
    /// Print data as one JSON document, and a failure as one JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const STATUSES: &str = "\
Exit status: 0 success, 1 wrong usage, 2 the plugin cannot be reached, 3 the contract does not fit,
4 the method's own error, 5 the time ran out, 6 the plugin crashed, 130 interrupted.

A TARGET is a plugin's name (math.Calculator), a plugin's program, a .pconf file, or a socket.";

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List the plugins of a folder, and the files that cannot be used
    ///
    /// Further names that a host gives to plugins are in the host, and not listed.
    Ls(Folder),
    /// Show what a plugin offers: methods, callbacks, configuration, with their types
    Describe(Describe),
    /// Compare what clients of OLD need with what NEW offers
    ///
    /// The exit status is 0 if everything that was possible with OLD is possible with NEW, and 3
    /// otherwise.
    Check(Check),
    /// Call a method
    Call(Call),
    /// Print the callbacks of a plugin as they come
    Listen(Listen),
    /// Ask whether a plugin answers, and how quickly
    Ping(Ping),
    /// Start a plugin, and print its log as it comes
    Logs(Subject),
    /// Stop the processes of a plugin: they finish their calls first
    ///
    /// A host may start the plugin again when it needs it.
    Stop(Stop),
    /// Make a project: a plugin, a host, a contract, or all three
    New(New),
    /// Copy plugins' programs into a folder, with the files by which hosts find them
    Install(Install),
    /// Build plugins, install them, run a host; build and install again on every save
    ///
    /// It goes on until Ctrl-C, which ends the host as well. The host has to watch the folder
    /// (`auto_discover`): it replaces a plugin that was built again, and no call fails because of that. With
    /// --json, each step is one object in a line: step, plugin, pid, milliseconds, error.
    Dev(Dev),
    /// Remove plugins from a folder
    Uninstall(Uninstall),
    /// Print what a plugin offers as code or as a description
    Generate(Generate),
    /// Check whether a plugin follows the protocol, in whatever language it is written
    ///
    /// The exit status is 3 if a case fails that is not known to fail.
    Conformance(Conformance),
    /// Be the plugin of a case for hosts
    #[command(hide = true)]
    ScriptedPlugin(ScriptedPlugin),
    /// Look at everything that keeps plugins from being found, started or trusted
    Doctor(Folder),
    /// Print a completion script for a shell
    Completions { shell: Shell },
    /// Print the manual page
    Man,
}

/// A plugin.
#[derive(Args, Clone, Debug)]
pub(crate) struct Subject {
    #[command(flatten)]
    pub(crate) folder: Folder,

    /// A plugin's name, its program, its .pconf file, or its socket
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) target: String,

    /// Show what the plugin logs meanwhile: warn, or warn,storage=debug for more of one target
    #[arg(long, value_name = "LEVEL", value_parser = log_level)]
    pub(crate) log: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Describe {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// Print the description as OpenAPI 3.1
    #[arg(long, conflicts_with = "pconf")]
    pub(crate) openapi: bool,

    /// Print the .pconf file
    #[arg(long)]
    pub(crate) pconf: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) folder: Folder,

    /// What clients were built for: a plugin's name, program, .pconf file, or socket
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) old: String,

    /// What they will find
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) new: String,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Call {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// The method's name
    pub(crate) method: String,

    /// Arguments, as NAME=VALUE; NAME=@FILE reads a file
    ///
    /// A value is text where the method takes text, bytes where it takes bytes, and JSON elsewhere.
    #[arg(value_name = "NAME=VALUE", conflicts_with_all = ["args", "args_file"])]
    pub(crate) values: Vec<String>,

    /// All arguments as one JSON object
    #[arg(long, value_name = "JSON", conflicts_with = "args_file")]
    pub(crate) args: Option<String>,

    /// The body of the request from a file, or `-` for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) args_file: Option<PathBuf>,

    /// How long the call may take, for example 500ms, 30s, 5m
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s")]
    pub(crate) timeout: Duration,

    /// Show the plugin's callbacks meanwhile, on standard error
    #[arg(long)]
    pub(crate) listen: bool,

    /// Write the bytes of the result to a file, or `-` for standard output
    ///
    /// The value beside them is printed; on standard error if the bytes go to standard output.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// End a streamed result after this many items
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct Listen {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// The callbacks; all unless some are named
    pub(crate) callbacks: Vec<String>,

    /// End after this many callbacks
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct Ping {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// How often
    #[arg(short, long, default_value_t = 3)]
    pub(crate) count: u32,
}

#[derive(Args, Debug)]
pub(crate) struct Stop {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// How long the calls that are under way may take, for example 500ms, 30s, 5m
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s")]
    pub(crate) timeout: Duration,
}

#[derive(Args, Debug)]
pub(crate) struct New {
    /// The project's name, such as word-count
    pub(crate) name: String,

    #[command(flatten)]
    kinds: Kinds,

    /// The language of a plugin
    #[arg(long, value_enum)]
    pub(crate) lang: Option<Language>,

    /// The plugin's namespace
    #[arg(long)]
    pub(crate) namespace: Option<String>,

    /// Use the crate goplug in this folder or checkout, not the published one
    #[arg(long, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub(crate) goplug: Option<PathBuf>,
}

impl New {
    /// The kind of the project, if the command line names one.
    pub(crate) fn kind(&self) -> Option<Kind> {
        let Kinds { plugin, host, contract, workspace } = self.kinds;
        let named = [
            (plugin, Kind::Plugin),
            (host, Kind::Host),
            (contract, Kind::Contract),
            (workspace, Kind::Workspace),
        ];
        named.into_iter().find(|(is_named, _)| *is_named).map(|(_, kind)| kind)
    }
}

#[derive(Args, Clone, Copy, Debug)]
#[group(multiple = false)]
struct Kinds {
    /// A plugin
    #[arg(long)]
    plugin: bool,

    /// A host, with a plugin in its own program
    #[arg(long)]
    host: bool,

    /// A contract that plugins fulfil
    #[arg(long)]
    contract: bool,

    /// A contract, a plugin and a host
    #[arg(long)]
    workspace: bool,
}

/// What a project is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Plugin,
    Host,
    Contract,
    Workspace,
}

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Rust,
    Python,
}

#[derive(Args, Debug)]
pub(crate) struct Install {
    #[command(flatten)]
    pub(crate) folder: Folder,

    /// The plugins' programs
    #[arg(required = true, value_hint = ValueHint::ExecutablePath)]
    pub(crate) programs: Vec<PathBuf>,

    /// Leave the programs where they are
    #[arg(long)]
    pub(crate) link: bool,

    /// Without a digest, so that the program may be built again
    #[arg(long)]
    pub(crate) dev: bool,

    /// Install a program under another name, such as acme.Archive, beside its own: each name has a
    /// process and a configuration of its own
    #[arg(long = "as", value_name = "NAME", value_parser = new_name)]
    pub(crate) alias: Option<PluginId>,

    /// Sign the .pconf files with a secret key of minisign, for hosts that require signatures
    #[arg(long, value_name = "KEY", conflicts_with = "dev", value_hint = ValueHint::FilePath)]
    pub(crate) sign: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Dev {
    #[command(flatten)]
    pub(crate) folder: Folder,

    /// The host's command line, which a shell runs once the plugins are installed
    #[arg(long, value_name = "COMMAND")]
    pub(crate) run: Option<String>,

    /// A command line that builds the plugins, in place of `cargo build`
    #[arg(long, value_name = "COMMAND", requires = "program", conflicts_with = "cargo")]
    pub(crate) build: Option<String>,

    /// A plugin's program that the command of --build makes; may be given several times
    #[arg(long, value_name = "PATH", requires = "build", value_hint = ValueHint::ExecutablePath)]
    pub(crate) program: Vec<PathBuf>,

    /// Arguments of `cargo build`
    #[arg(last = true, value_name = "CARGO ARGUMENT")]
    pub(crate) cargo: Vec<OsString>,
}

#[derive(Args, Debug)]
pub(crate) struct Uninstall {
    #[command(flatten)]
    pub(crate) folder: Folder,

    /// The plugins' names
    #[arg(required = true)]
    pub(crate) names: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Generate {
    /// What is generated
    #[arg(value_enum)]
    pub(crate) form: Form,

    #[command(flatten)]
    pub(crate) subject: Subject,

    /// In Rust, what has no schema is a serde_json::Value
    #[arg(long)]
    pub(crate) values: bool,
}

/// What a descriptor can be turned into.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Form {
    /// The typed client of a host in Rust
    Rust,
    /// OpenAPI 3.1
    Openapi,
    /// The JSON Schemas of all types
    Schema,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
