//! The files besides the program that decide what a plugin's process runs: the interpreter of a
//! script, and the files that its arguments name.
//!
//! For `["/usr/bin/env", "python3", "x.py"]` the program is `env`, but what runs is `x.py`, in the
//! first `python3` of `PATH`. All three are looked at.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf, is_separator};

use super::command::Command;
use super::search_path::find_in;
use crate::transport::{
    FileId, OpenProgram, canonicalize, default_path, explain, is_executable, is_passing,
};

/// How many interpreters a script may have one behind the other: the kernel's limit is 5, and there
/// may be an `env` before each.
const MAX_INTERPRETERS: usize = 10;

/// The files in a folder that an interpreter runs if it is given the folder.
const ENTRY_FILES: [&str; 3] = ["__main__.py", "index.js", "package.json"];

/// The extensions of files that interpreters run.
const CODE: [&str; 24] = [
    "bash", "cjs", "clj", "dll", "exs", "jar", "jl", "js", "lua", "mjs", "mts", "php", "pl", "ps1",
    "py", "pyc", "pyz", "r", "rb", "scm", "sh", "tcl", "ts", "wasm",
];

/// The files besides the program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::host) struct ExecFiles {
    /// The interpreter of the program, if that is a script, then the interpreter's own, and so on.
    pub(in crate::host) interpreters: Vec<PathBuf>,
    /// The regular files that arguments name, in their order.
    pub(in crate::host) arguments: Vec<PathBuf>,
}

impl ExecFiles {
    /// Finds the files of a command whose program has been opened. `search_path` is the `PATH` of
    /// the process. Does blocking I/O.
    ///
    /// # Errors
    /// `env` would not find a program, or it is not known whether a file exists; for people.
    pub(in crate::host) fn of(
        command: &Command,
        program: &OpenProgram,
        search_path: Option<&OsStr>,
    ) -> io::Result<Self> {
        let search = Search { folder: &command.folder, path: search_path };
        let mut interpreters = Vec::new();
        search.follow(program, &command.arguments, &mut interpreters)?;
        Ok(Self { interpreters, arguments: Self::arguments(command)? })
    }

    /// The identity of the files that a process runs, of which the program has this one; `None` if it
    /// is not known. Arguments may also name files that the process itself writes, such as its log:
    /// only code belongs to what it runs. Does blocking I/O.
    pub(in crate::host) fn identity(
        arguments: &[PathBuf],
        program: io::Result<FileId>,
    ) -> Option<FileId> {
        let code: Vec<_> = arguments.iter().filter(|path| is_code(path)).cloned().collect();
        program.and_then(|program| program.with(&code)).ok()
    }

    /// The regular files that the arguments of a command name, in their order. Does blocking I/O.
    ///
    /// # Errors
    /// It is not known whether a file exists; for people.
    pub(in crate::host) fn arguments(command: &Command) -> io::Result<Vec<PathBuf>> {
        let search = Search { folder: &command.folder, path: None };
        let mut files = Vec::new();
        let mut before = None;
        for argument in &command.arguments {
            for name in names(before, argument) {
                search.add_file(&name, &mut files)?;
            }
            before = Some(argument);
        }
        Ok(files)
    }

    /// The folder of the script that a process runs: of its program, unless that is an interpreter
    /// or what starts one, else of the first file among the arguments. `None` if there is none.
    pub(in crate::host) fn script_folder(
        &self,
        program: &OpenProgram,
        is_interpreter: bool,
    ) -> Option<PathBuf> {
        let script = match program.shebang() {
            Some(_) if !is_interpreter => program.path(),
            _ => self.arguments.first()?,
        };
        Some(canonicalize(script).ok()?.parent()?.to_owned())
    }
}

/// Whether a file is a program or a script: executable, or with the extension of one.
fn is_code(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|extension| CODE.contains(&extension)) || is_executable(path)
}

/// The names of files that an argument may have: itself, what follows the `=` of an option, after
/// `-m` the module of Python's, and after `-c` the words of a shell's commands.
fn names(before: Option<&OsString>, argument: &OsStr) -> Vec<OsString> {
    let mut names = vec![argument.to_owned()];
    let Some(text) = argument.to_str() else { return names };
    if let Some((_, value)) = text.strip_prefix('-').and_then(|option| option.split_once('=')) {
        names.push(value.into());
    }
    match before.and_then(|before| before.to_str()) {
        Some("-m") => {
            let path = text.replace('.', "/");
            names.extend([format!("{path}.py").into(), path.into()]);
        }
        Some(option) if is_command_option(option) => {
            let ends = |c: char| c.is_whitespace() || "\"'`$;&|<>(){}=".contains(c);
            let words = text.split(ends).filter(|word| !word.is_empty() && *word != text);
            names.extend(words.map(OsString::from));
        }
        _ => {}
    }
    names
}

/// Whether a shell takes its commands from the argument after this option, such as `-c` and `-lc`.
fn is_command_option(option: &str) -> bool {
    let letters = option.strip_prefix('-').unwrap_or_default();
    letters.ends_with('c') && letters.chars().all(|c| c.is_ascii_lowercase())
}

/// Where a process looks for files.
#[derive(Clone, Copy)]
struct Search<'a> {
    /// Its working directory.
    folder: &'a Path,
    path: Option<&'a OsStr>,
}

impl Search<'_> {
    /// Adds the interpreters of a program that is run with these arguments.
    fn follow(
        self,
        program: &OpenProgram,
        arguments: &[OsString],
        interpreters: &mut Vec<PathBuf>,
    ) -> io::Result<()> {
        let mut next = self.behind(program, arguments)?;
        while let Some((path, arguments)) = next {
            if interpreters.len() == MAX_INTERPRETERS {
                let text = format!("{}: its interpreters have no end", program.path().display());
                return Err(io::Error::other(text));
            }
            interpreters.push(path.clone());
            let program = match OpenProgram::open(&path) {
                Ok(program) => program,
                // Not known is not harmless: behind it may be a file that others may write.
                Err(error) if is_passing(&error) => return Err(unknown(&path, error)),
                // One that does not exist is reported by the start, and one that this user may run
                // but not read is no script.
                Err(_) => return Ok(()),
            };
            next = self.behind(&program, &arguments)?;
        }
        Ok(())
    }

    /// What a program runs in its place, and with which arguments: a script its interpreter, `env`
    /// the program that it is given.
    fn behind(
        self,
        program: &OpenProgram,
        arguments: &[OsString],
    ) -> io::Result<Option<(PathBuf, Vec<OsString>)>> {
        if let Some(shebang) = program.shebang() {
            let arguments = shebang.argument.iter().cloned().collect();
            return Ok(Some((self.folder.join(&shebang.interpreter), arguments)));
        }
        let is_env = program.path().file_name() == Some(OsStr::new("env"));
        let Some(name) = is_env.then(|| env_target(arguments)).flatten() else { return Ok(None) };
        match self.look_up(&name) {
            Some(path) => Ok(Some((path, Vec::new()))),
            None => Err(io::Error::other(format!(
                "env looks for {} in PATH, and no folder of it has such a program ({}); install it, \
                 or name it by its path",
                name.display(),
                self.path().display()
            ))),
        }
    }

    fn path(self) -> OsString {
        self.path.map_or_else(default_path, OsStr::to_owned)
    }

    /// The program that a shell or `env` would run for this name.
    fn look_up(self, name: &OsStr) -> Option<PathBuf> {
        if name.as_encoded_bytes().iter().any(|byte| is_separator(char::from(*byte))) {
            return Some(self.folder.join(name));
        }
        find_in(&self.path(), self.folder, Path::new(name))
    }

    /// Adds the regular file of this name, or of a folder the file that an interpreter would run.
    fn add_file(self, name: &OsStr, files: &mut Vec<PathBuf>) -> io::Result<()> {
        let path = self.folder.join(name);
        match kind(&path)? {
            Kind::File => files.push(path),
            Kind::Folder if !name.is_empty() => {
                for path in ENTRY_FILES.map(|file| path.join(file)) {
                    if kind(&path)? == Kind::File {
                        files.push(path);
                    }
                }
            }
            Kind::Folder | Kind::Other => {}
        }
        Ok(())
    }
}

#[derive(PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Other,
}

/// What is at a path. A file that this user cannot reach counts as none: the plugin, which runs as
/// this user, cannot reach it either.
fn kind(path: &Path) -> io::Result<Kind> {
    use std::io::ErrorKind::{
        InvalidFilename, InvalidInput, NotADirectory, NotFound, PermissionDenied,
    };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Kind::File),
        Ok(metadata) if metadata.is_dir() => Ok(Kind::Folder),
        Ok(_) => Ok(Kind::Other),
        Err(error) => match error.kind() {
            NotFound | NotADirectory | InvalidFilename | InvalidInput | PermissionDenied => {
                Ok(Kind::Other)
            }
            _ => {
                let text = format!("{}, which Exec names, cannot be read: {error}", path.display());
                Err(explain(error, text))
            }
        },
    }
}

fn unknown(path: &Path, error: io::Error) -> io::Error {
    let text = format!("{} cannot be looked at: {error}", path.display());
    explain(error, text)
}

/// The program that `env` runs with these arguments; `None` if there is none, or if `env` is given a
/// `PATH` of its own.
fn env_target(arguments: &[OsString]) -> Option<OsString> {
    let mut arguments = arguments.iter().map(|argument| argument.to_str());
    while let Some(argument) = arguments.next() {
        let argument = argument?;
        match argument {
            "-u" | "--unset" | "-C" | "--chdir" => {
                arguments.next();
            }
            "-S" | "--split-string" => return env_target_of_text(arguments.next()??),
            "--" => return arguments.next()?.map(Into::into),
            _ => {
                let split = ["-S", "-vS", "-iS", "--split-string="];
                if let Some(text) = split.iter().find_map(|option| argument.strip_prefix(option)) {
                    return env_target_of_text(text);
                }
                let is_variable = argument.contains('=') && !argument.contains('/');
                if argument.starts_with("PATH=") || argument.starts_with("-P") {
                    return None;
                } else if !argument.starts_with('-') && !is_variable {
                    return Some(argument.into());
                }
            }
        }
    }
    None
}

/// The same for the text of `env -S`.
fn env_target_of_text(text: &str) -> Option<OsString> {
    let words: Vec<_> = text.split_whitespace().map(OsString::from).collect();
    env_target(&words)
}

// Its cases are shells and scripts, which only Unix has.
#[cfg(all(test, unix))]
mod tests;
