//! What to type about a file that a host does not use.

use std::path::{Path, PathBuf};

use crate::pconf::Pconf;
use crate::system::is_root;

/// A word of a shell's command line, with quotes if it needs any.
pub(super) fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:@%+=,".contains(letter);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// A command that only root may run.
pub(super) fn as_root(command: &str) -> String {
    if is_root() { command.to_owned() } else { format!("sudo {command}") }
}

/// Installs a program again, as it was installed.
pub(super) fn install(program: &Path, dir: &Path) -> String {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let link = if real(program).starts_with(real(dir)) { "" } else { " --link" };
    format!("goplug install {}{link} --dir {}", word(program), word(dir))
}

/// For a file that a registry rejects, or whose plugin it would not start, of this folder.
pub(super) fn of(path: &Path, reason: &str, dir: &Path) -> String {
    if let Some(remedy) = distrusted(path, reason) {
        return remedy;
    }
    if reason.contains("Permission denied") {
        let mode = if path.is_dir() { "u+rwx" } else { "u+r" };
        return format!("chmod {mode} {}", word(path));
    }
    match Pconf::read(path).program() {
        Some(program) if program.is_file() => install(&program, dir),
        _ => format!("goplug install PROGRAM --dir {}, or rm {}", word(dir), word(path)),
    }
}

/// If other users could have written a file, what ends that.
fn distrusted(file: &Path, reason: &str) -> Option<String> {
    let (subject, problem) = reason.split_once(" is not to be trusted: ")?;
    let path = subject_of(subject).unwrap_or_else(|| file.to_owned());
    if problem.contains("belongs to another user") {
        return Some(as_root(&format!("chown \"$(id -u)\" {}", word(&path))));
    }
    let (_, advice) = problem.split_once("; chmod ")?;
    let (mode, _) = advice.split_once(' ')?;
    Some(format!("chmod {mode} {}", word(&path)))
}

/// The path that a reason is about, if it names one: `the program /p`, or `the folder /f of the program`.
fn subject_of(subject: &str) -> Option<PathBuf> {
    let path = &subject[subject.find('/')?..];
    let is_folder = subject.starts_with("the folder ");
    let end = if is_folder { path.rfind(" of the ") } else { None };
    Some(path[..end.unwrap_or(path.len())].into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word() {
        for (path, typed) in [
            ("/a/b-c.pconf", "/a/b-c.pconf"),
            ("/a b", "'/a b'"),
            ("it's", r"'it'\''s'"),
            ("$(x)", "'$(x)'"),
        ] {
            assert_eq!(word(Path::new(path)), typed);
        }
    }

    #[test]
    fn the_file_that_is_not_trusted_is_the_one_that_is_changed() {
        let typed = |reason: &str| distrusted(Path::new("/d/a.pconf"), reason).unwrap();
        let writable =
            "is not to be trusted: every user may write it (mode 0777); chmod go-w mends that";
        for (subject, path) in [
            ("it", "/d/a.pconf"),
            ("the folder", "/d/a.pconf"),
            ("the program /d/p of the q", "'/d/p of the q'"),
            ("the folder /of the/d of the program", "'/of the/d'"),
        ] {
            assert_eq!(typed(&format!("{subject} {writable}")), format!("chmod go-w {path}"));
        }
        let owned =
            typed("the program /d/p is not to be trusted: it belongs to another user (uid 7)");
        assert!(owned.ends_with("chown \"$(id -u)\" /d/p"), "{owned}");
    }
}
