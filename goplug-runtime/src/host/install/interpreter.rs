//! Which files an interpreter needs besides itself: its standard library and modules, and the
//! settings of the system that it reads at its start.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::search_path::find_in;
use crate::transport::canonicalize;

/// What an installation has beside the folder of its programs. Of the installation as a whole
/// nothing is known: the prefix may be somebody's home.
const PARTS: [&str; 17] = [
    "bin",
    "conf",
    "include",
    "installs",
    "lib",
    "lib32",
    "lib64",
    "libexec",
    "plugins",
    "pyenv.d",
    "pyvenv.cfg",
    "rbenv.d",
    "sbin",
    "shims",
    "ssl",
    "version",
    "versions",
];

/// The folders of an installation that have programs. Version managers have `shims`: programs that
/// start one of several versions.
const PROGRAM_FOLDERS: [&str; 3] = ["bin", "sbin", "shims"];

/// What interpreters read of the system: the configuration and certificates of OpenSSL, types of
/// files, their own settings.
const SYSTEM: [&str; 10] = [
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/java",
    "/etc/mime.types",
    "/etc/nodejs",
    "/etc/perl",
    "/etc/php",
    "/etc/pki",
    "/etc/python3",
    "/etc/ssl",
];

/// The files and folders that this interpreter needs; all of them exist. An interpreter without a
/// `/` is looked for in `search_path`, the `PATH` of the process; relative paths begin at its
/// working directory, `folder`. Does blocking I/O.
///
/// # Errors
/// There is no such interpreter; for people.
pub(in crate::host) fn needs(
    interpreter: &Path,
    folder: &Path,
    search_path: Option<&OsStr>,
) -> Result<Vec<PathBuf>, String> {
    let is_name = interpreter.components().count() == 1 && interpreter.is_relative();
    let found = if is_name {
        find_in(search_path.unwrap_or_default(), folder, interpreter)
    } else {
        Some(folder.join(interpreter)).filter(|path| path.exists())
    };
    let Some(found) = found else {
        let place = if is_name { " in the PATH of the plugin" } else { "" };
        return Err(format!(
            "its sandbox allows the interpreter {}, and there is none{place}",
            interpreter.display()
        ));
    };
    let mut needed = SYSTEM.map(PathBuf::from).to_vec();
    add_installation(&found, &mut needed);
    if let Ok(real) = canonicalize(&found) {
        add_installation(&real, &mut needed);
    }
    needed.retain(|path| path.exists());
    Ok(needed)
}

/// Adds the installation that a program belongs to.
fn add_installation(program: &Path, needed: &mut Vec<PathBuf>) {
    needed.push(program.into());
    let Some(folder) = program.parent() else { return };
    let is_of_programs = folder
        .file_name()
        .is_some_and(|name| PROGRAM_FOLDERS.iter().any(|program_folder| name == *program_folder));
    let Some(prefix) = folder.parent().filter(|_| is_of_programs) else { return };
    needed.extend(PARTS.iter().map(|part| prefix.join(part)));
    if let Some(home) = home_of_environment(prefix) {
        needed.extend(PARTS.iter().filter_map(|part| Some(home.parent()?.join(part))));
    }
}

/// The folder of the programs on which a virtual environment of Python's is built.
fn home_of_environment(prefix: &Path) -> Option<PathBuf> {
    let settings = fs::read_to_string(prefix.join("pyvenv.cfg")).ok()?;
    let mut lines = settings.lines().filter_map(|line| line.split_once('='));
    let (_, home) = lines.find(|(key, _)| key.trim() == "home")?;
    Some(home.trim().into()).filter(|home: &PathBuf| home.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn an_interpreter_needs_the_parts_of_its_installation_and_nothing_else_of_its_prefix() {
        let temp = tempfile::tempdir().unwrap();
        let prefix = temp.path().canonicalize().unwrap();
        for file in ["bin/python", "lib/os.py", "secret", "share/secret"] {
            put(&prefix.join(file), "");
        }
        let needed = needs(&prefix.join("bin/python"), Path::new("/"), None).unwrap();
        let own: Vec<_> = needed.iter().filter(|path| path.starts_with(&prefix)).collect();
        for part in ["bin", "lib", "bin/python"] {
            assert!(own.contains(&&prefix.join(part)), "{part}: {own:?}");
        }
        assert!(own.iter().all(|path| !path.to_string_lossy().contains("secret")), "{own:?}");
        assert!(!own.contains(&&prefix) && !own.contains(&&prefix.join("share")), "{own:?}");
    }

    #[test]
    fn an_environment_needs_the_installation_that_it_is_built_on() {
        let temp = tempfile::tempdir().unwrap();
        let (base, environment) = (temp.path().join("base"), temp.path().join("environment"));
        put(&base.join("bin/python"), "");
        put(&base.join("lib/os.py"), "");
        put(&environment.join("bin/python"), "");
        let settings = format!("home = {}\nversion = 3.11\n", base.join("bin").display());
        put(&environment.join("pyvenv.cfg"), &settings);
        let needed = needs(Path::new("./bin/python"), &environment, None).unwrap();
        for path in [base.join("lib"), environment.join("pyvenv.cfg")] {
            assert!(needed.iter().any(|needed| needed.ends_with(&path)), "{path:?}: {needed:?}");
        }
    }

    #[test]
    fn a_name_is_looked_for_in_the_path() {
        let program = std::env::current_exe().unwrap();
        let (folder, name) = (program.parent().unwrap(), program.file_name().unwrap());
        let path = std::env::join_paths([Path::new("nowhere"), folder]).unwrap();
        let needed = needs(name.as_ref(), Path::new("/"), Some(&path)).unwrap();
        assert!(needed.contains(&program), "{needed:?}");
        let error = needs(Path::new("no-such-shell"), Path::new("/"), Some(&path)).unwrap_err();
        assert!(error.contains("no-such-shell, and there is none in the PATH"), "{error}");
    }
}
