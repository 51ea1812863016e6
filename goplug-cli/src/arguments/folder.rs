//! The folder with the plugins, as the command line and the environment name it.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser, ValueParser};
use clap::parser::ValueSource;
use clap::{Arg, Args, Command, Error, ValueHint};

/// The folder if nothing names another one.
const DEFAULT: &str = "./plugins";

/// The folder with the plugins.
#[derive(Args, Clone, Debug)]
pub(crate) struct Folder {
    /// The folder with the .pconf files
    #[arg(
        long,
        env = "GOPLUG_DIR",
        default_value = DEFAULT,
        value_hint = ValueHint::DirPath,
        value_parser = ValueParser::new(Path),
    )]
    pub(crate) dir: PathBuf,
}

/// A path that is not empty. An empty variable is as good as none.
#[derive(Clone)]
struct Path;

impl TypedValueParser for Path {
    type Value = PathBuf;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<PathBuf, Error> {
        PathBufValueParser::new().parse_ref(command, argument, value)
    }

    fn parse_ref_(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<PathBuf, Error> {
        match source {
            ValueSource::EnvVariable if value.is_empty() => Ok(DEFAULT.into()),
            _ => self.parse_ref(command, argument, value),
        }
    }
}
