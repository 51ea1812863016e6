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
use super::env_target::{EnvTarget, SearchPath};
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

/// Programs that run the program that their arguments name.
const LAUNCHERS: [&str; 12] = [
    "busybox", "chrt", "doas", "ionice", "nice", "nohup", "setpriv", "setsid", "stdbuf", "sudo",
    "taskset", "timeout",
];

/// The files besides the program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::host) struct ExecFiles {
    /// The interpreter of the program, if that is a script, then the interpreter's own, and so on.
    pub(in crate::host) interpreters: Vec<PathBuf>,
    /// The loaders that the program and the interpreters name, as far as they are programs of the machine.
    pub(in crate::host) loaders: Vec<PathBuf>,
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
        let mut files = Self { arguments: Self::arguments(command)?, ..Self::default() };
        search.follow(program, &command.arguments, &mut files)?;
        Ok(files)
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

    /// What runs besides the program: interpreters, loaders, and arguments that are programs or scripts.
    pub(super) fn code(&self) -> impl Iterator<Item = &Path> {
        let arguments = self.arguments.iter().filter(|path| is_code(path));
        self.interpreters.iter().chain(&self.loaders).chain(arguments).map(PathBuf::as_path)
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
    /// Adds the interpreters and loaders of a program that is run with these arguments.
    fn follow(
        self,
        program: &OpenProgram,
        arguments: &[OsString],
        files: &mut ExecFiles,
    ) -> io::Result<()> {
        files.loaders.extend(program.loader().map(|loader| self.folder.join(loader)));
        let mut next = self.behind(program, arguments)?;
        while let Some((path, arguments)) = next {
            if files.interpreters.len() == MAX_INTERPRETERS {
                let text = format!("{}: its interpreters have no end", program.path().display());
                return Err(io::Error::other(text));
            }
            files.interpreters.push(path.clone());
            let program = match OpenProgram::open(&path) {
                Ok(program) => program,
                // Not known is not harmless: behind it may be a file that others may write.
                Err(error) if is_passing(&error) => return Err(unknown(&path, error)),
                // One that does not exist is reported by the start, and one that this user may run
                // but not read is no script.
                Err(_) => return Ok(()),
            };
            let loader = program.loader().map(|loader| self.folder.join(loader));
            files.loaders.extend(loader.filter(|loader| !files.loaders.contains(loader)));
            next = self.behind(&program, &arguments)?;
        }
        Ok(())
    }

    /// What a program runs in its place, and with which arguments: a script its interpreter, `env` and
    /// its like the program that they are given.
    fn behind(
        self,
        program: &OpenProgram,
        arguments: &[OsString],
    ) -> io::Result<Option<(PathBuf, Vec<OsString>)>> {
        if let Some(shebang) = program.shebang() {
            let arguments = shebang.argument.iter().cloned().collect();
            return Ok(Some((self.folder.join(&shebang.interpreter), arguments)));
        }
        let name = program.path().file_name().and_then(OsStr::to_str).unwrap_or_default();
        if LAUNCHERS.contains(&name) {
            return Ok(self.launched(arguments));
        }
        let Some(target) = (name == "env").then(|| EnvTarget::of(arguments)).flatten() else {
            return Ok(None);
        };
        let default = default_path();
        let (folder, path) = (target.folder.map(|it| self.folder.join(it)), target.path);
        let search = Search {
            folder: folder.as_deref().unwrap_or(self.folder),
            path: match &path {
                SearchPath::Inherited => self.path,
                SearchPath::Default => Some(&default),
                SearchPath::Given(path) => Some(path),
            },
        };
        match search.look_up(&target.name) {
            Some(path) => Ok(Some((path, target.arguments))),
            None => Err(io::Error::other(format!(
                "env looks for {} in PATH, and no folder of it has such a program ({}); install it, \
                 or name it by its path",
                target.name.display(),
                search.path().display()
            ))),
        }
    }

    /// The program that a launcher runs: the first argument that names one. What comes before are options
    /// and their values.
    fn launched(self, arguments: &[OsString]) -> Option<(PathBuf, Vec<OsString>)> {
        arguments.iter().enumerate().find_map(|(index, name)| {
            let path = self.look_up(name).filter(|path| is_executable(path))?;
            Some((path, arguments[index + 1..].to_vec()))
        })
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

// Its cases are shells and scripts, which only Unix has.
#[cfg(all(test, unix))]
mod tests;
