//! The program that `env` runs, and where it looks for it.

use std::ffi::OsString;
use std::path::PathBuf;

/// In which folders `env` looks for a program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum SearchPath {
    /// In those of its own `PATH`.
    #[default]
    Inherited,
    /// Without a `PATH`, in those of the C library.
    Default,
    Given(OsString),
}

/// What `env` runs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct EnvTarget {
    pub(super) name: OsString,
    pub(super) arguments: Vec<OsString>,
    pub(super) path: SearchPath,
    /// The folder to which it changes first.
    pub(super) folder: Option<PathBuf>,
}

impl EnvTarget {
    /// What `env` runs with these arguments; `None` if that is nothing, or cannot be read from them.
    pub(super) fn of(arguments: &[OsString]) -> Option<Self> {
        let mut target = Self::default();
        let mut ahead: Vec<OsString> = arguments.iter().rev().cloned().collect();
        while let Some(argument) = ahead.pop() {
            let Some(text) = argument.to_str() else { return target.runs(argument, ahead) };
            match text {
                "-" | "-i" | "--ignore-environment" => target.path = SearchPath::Default,
                "-u" | "--unset" => target.unset(ahead.pop()?.to_str()?),
                "-C" | "--chdir" => target.folder = Some(ahead.pop()?.into()),
                "-P" => target.path = SearchPath::Given(ahead.pop()?),
                "-S" | "--split-string" => split(ahead.pop()?.to_str()?, &mut ahead),
                "--" => return target.runs(ahead.pop()?, ahead),
                _ if text.starts_with('-') => target.take_option(text, &mut ahead),
                _ => match text.split_once('=') {
                    Some(("PATH", path)) => target.path = SearchPath::Given(path.into()),
                    Some((name, _)) if !name.contains('/') => {}
                    _ => return target.runs(argument, ahead),
                },
            }
        }
        None
    }

    fn runs(self, name: OsString, ahead: Vec<OsString>) -> Option<Self> {
        Some(Self { name, arguments: ahead.into_iter().rev().collect(), ..self })
    }

    fn unset(&mut self, name: &str) {
        if name == "PATH" {
            self.path = SearchPath::Default;
        }
    }

    /// Takes an option whose value is part of it, or which has none.
    fn take_option(&mut self, text: &str, ahead: &mut Vec<OsString>) {
        let value = |long: &str, short: &str| {
            text.strip_prefix(long).or_else(|| text.strip_prefix(short)).map(str::to_owned)
        };
        if let Some(words) = value("--split-string=", "-S").or_else(|| value("-vS", "-iS")) {
            if text.starts_with("-iS") {
                self.path = SearchPath::Default;
            }
            split(&words, ahead);
        } else if let Some(name) = value("--unset=", "-u") {
            self.unset(&name);
        } else if let Some(folder) = value("--chdir=", "-C") {
            self.folder = Some(folder.into());
        } else if let Some(path) = text.strip_prefix("-P") {
            self.path = SearchPath::Given(path.into());
        }
    }
}

/// Puts the words of `env -S` before the arguments that are ahead. What is quoted names no program then,
/// so it is not found.
fn split(text: &str, ahead: &mut Vec<OsString>) {
    ahead.extend(text.split_whitespace().rev().map(OsString::from));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(arguments: &[&str]) -> Option<EnvTarget> {
        EnvTarget::of(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_program_is_found_behind_options_and_variables() {
        for arguments in [
            &["python3", "-u"][..],
            &["-S", "python3 -u"],
            &["-S python3", "-u"],
            &["--split-string=A=b python3", "-u"],
            &["A=b", "-u", "C", "--unset=D", "-v", "python3", "-u"],
            &["--", "python3", "-u"],
        ] {
            let found = target(arguments).unwrap();
            assert_eq!((found.name, found.path), ("python3".into(), SearchPath::Inherited));
            assert_eq!(found.arguments, ["-u"], "{arguments:?}");
        }
        assert_eq!(target(&["A=b"]), None);
        assert_eq!(target(&["-u"]), None);
        assert_eq!(target(&["./a=b"]).unwrap().name, "./a=b");
    }

    #[test]
    fn it_is_looked_for_where_env_is_told() {
        let given = SearchPath::Given("/opt/bin".into());
        for arguments in [
            &["PATH=/opt/bin", "x"][..],
            &["-P", "/opt/bin", "x"],
            &["-P/opt/bin", "x"],
            &["-i", "PATH=/opt/bin", "x"],
            &["-S", "PATH=/opt/bin x"],
        ] {
            assert_eq!(target(arguments).unwrap().path, given, "{arguments:?}");
        }
        for arguments in
            [&["-i", "x"][..], &["-", "x"], &["-u", "PATH", "x"], &["-iS", "x"], &["-uPATH", "x"]]
        {
            assert_eq!(target(arguments).unwrap().path, SearchPath::Default, "{arguments:?}");
        }
        for arguments in [&["-C", "/opt", "x"][..], &["-C/opt", "x"], &["--chdir=/opt", "x"]] {
            assert_eq!(target(arguments).unwrap().folder, Some("/opt".into()), "{arguments:?}");
        }
    }
}
