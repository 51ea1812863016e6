//! The command line of `goplug conformance`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::times::duration;

#[derive(Args, Debug)]
pub(crate) struct Conformance {
    /// Print TAP, as is done where the output is no terminal
    #[arg(long, conflicts_with = "json")]
    pub(crate) tap: bool,

    /// Write a report in JUnit's XML as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) junit: Option<PathBuf>,

    /// Names of cases that may fail, one on each line; a line whose case does not fail is a failure
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) known_failing: Option<PathBuf>,

    /// Only cases with this in their names, or of this section of the protocol; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Vec<String>,

    /// Check a host: run COMMAND with a folder of plugins, as its last argument or in place of `{}`
    ///
    /// The command calls `add` with a=2 and b=3 of the plugin `conformance.Probe` in that folder. If the
    /// call succeeds, it prints the result and ends with status 0, and otherwise with another status. If it
    /// takes a task in place of `{task}`, callbacks, streams and services are tried too.
    #[arg(long)]
    pub(crate) host: bool,

    /// How many cases are tried at a time; as many as there are processors, unless given
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// List the cases
    #[arg(long)]
    pub(crate) list: bool,

    /// How long each wait for the plugin may take
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s")]
    pub(crate) timeout: Duration,

    /// The plugin's program with its arguments, or its .pconf file; the host's command, with `--host`
    #[arg(required_unless_present = "list", last = true, value_hint = ValueHint::CommandWithArguments)]
    pub(crate) program: Vec<String>,
}

/// What the command starts as a plugin, for a host that is tried.
#[derive(Args, Debug)]
pub(crate) struct ScriptedPlugin {
    /// The socket is the standard input
    #[arg(long)]
    pub(crate) serve: bool,

    /// The file with what it does
    pub(crate) orders: PathBuf,
}
