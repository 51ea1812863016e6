//! The command line of a plugin's program.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Serve: on the inherited socket, or on one in this folder.
    Serve { dir: Option<PathBuf> },
    /// Write the `.pconf` into this folder.
    Install { dir: PathBuf },
    /// Serve for a host that is told where, as a debugger needs it.
    Debug,
    /// Serve hosts on other machines.
    #[cfg(feature = "remote")]
    Listen(Box<super::listen_arguments::Listen>),
    /// Print the descriptor.
    Describe,
    /// Print how the program is used.
    Help,
}

/// The text that `--help` prints.
pub(super) fn usage() -> String {
    #[cfg(feature = "remote")]
    let listen = super::listen_arguments::LISTEN_USAGE;
    #[cfg(not(feature = "remote"))]
    let listen = "";
    format!("{USAGE}{listen}")
}

const USAGE: &str = "\
This program is a goplug plugin. A registry starts it; by hand it is used like this:

  <program> --dir DIR      serve on a socket in DIR, and write the .pconf beside it
  <program> install DIR    write the .pconf by which a registry starts this program
  <program> debug          serve until Ctrl-C, and print the variable by which a host uses
                           this process: for a debugger
  <program> describe       print what the plugin offers, as JSON
  <program> --help         print this text
";

/// Reads the arguments after the program's name.
///
/// # Errors
/// A sentence that says what is wrong with them.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Verb, String> {
    let mut arguments = arguments.into_iter();
    let folder = |argument: Option<OsString>, of: &str| match argument {
        Some(folder) if !folder.is_empty() => Ok(PathBuf::from(folder)),
        _ => Err(format!("{of} needs a folder")),
    };
    let Some(first) = arguments.next() else { return Ok(Verb::Serve { dir: None }) };
    let verb = match first.to_str() {
        Some("--dir") => Verb::Serve { dir: Some(folder(arguments.next(), "--dir")?) },
        Some("install") => Verb::Install { dir: folder(arguments.next(), "install")? },
        Some("debug") => Verb::Debug,
        Some("describe") => Verb::Describe,
        Some("serve") => return listen(arguments),
        Some("--help" | "-h" | "help") => Verb::Help,
        Some(text) if text.starts_with("--dir=") => {
            Verb::Serve { dir: Some(folder(Some(text["--dir=".len()..].into()), "--dir")?) }
        }
        _ => return Err(format!("unknown argument {first:?}")),
    };
    match arguments.next() {
        Some(further) => Err(format!("unexpected argument {further:?}")),
        None => Ok(verb),
    }
}

/// Reads what follows `serve`.
#[cfg(feature = "remote")]
fn listen(arguments: impl Iterator<Item = OsString>) -> Result<Verb, String> {
    super::listen_arguments::parse(arguments).map(|listen| Verb::Listen(Box::new(listen)))
}

/// Refuses the verb.
#[cfg(not(feature = "remote"))]
fn listen(_: impl Iterator<Item = OsString>) -> Result<Verb, String> {
    Err("this program is built without goplug's feature `remote`, which `serve --listen` needs"
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Verb, String> {
        parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn a_program_without_arguments_serves() {
        assert_eq!(read(&[]), Ok(Verb::Serve { dir: None }));
        for arguments in [&["--dir", "p"][..], &["--dir=p"]] {
            assert_eq!(read(arguments), Ok(Verb::Serve { dir: Some("p".into()) }));
        }
    }

    #[test]
    fn each_verb_is_read() {
        assert_eq!(read(&["install", "p"]), Ok(Verb::Install { dir: "p".into() }));
        assert_eq!(read(&["describe"]), Ok(Verb::Describe));
        assert_eq!(read(&["debug"]), Ok(Verb::Debug));
        assert_eq!(read(&["--help"]), Ok(Verb::Help));
    }

    #[test]
    fn an_error_names_the_wrong_argument() {
        assert_eq!(read(&["run"]), Err("unknown argument \"run\"".into()));
        assert_eq!(read(&["install"]), Err("install needs a folder".into()));
        assert_eq!(read(&["--dir="]), Err("--dir needs a folder".into()));
        assert_eq!(read(&["describe", "x"]), Err("unexpected argument \"x\"".into()));
    }
}
