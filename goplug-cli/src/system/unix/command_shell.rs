//! The shell: command lines that it runs, and those that users are told to type.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::resources::is_privileged;

/// A command line of the shell.
pub(crate) fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line);
    command
}

/// A word of a shell's command line, with quotes if it needs any.
pub(crate) fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:@%+=,".contains(letter);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// A command that only root may run.
pub(crate) fn as_root(command: &str) -> String {
    if is_privileged() { command.to_owned() } else { format!("sudo {command}") }
}

/// Removes a file.
pub(crate) fn remove(file: &Path) -> String {
    format!("rm {}", word(file))
}

/// Removes folders with what is in them.
pub(crate) fn remove_folders(folders: &[PathBuf]) -> String {
    let words: Vec<_> = folders.iter().map(|folder| word(folder)).collect();
    format!("rm -r {}", words.join(" "))
}

/// What lets this user read a file or a folder, if a system's error says that he may not.
pub(crate) fn access_remedy(path: &Path, error: &str) -> Option<String> {
    let mode = if path.is_dir() { "u+rwx" } else { "u+r" };
    error.contains("Permission denied").then(|| format!("chmod {mode} {}", word(path)))
}

/// What ends a problem for which a host does not trust a file, in the host's own words: other users could
/// have written it.
pub(crate) fn trust_remedy(path: &Path, problem: &str) -> Option<String> {
    if problem.contains("belongs to another user") {
        return Some(as_root(&format!("chown \"$(id -u)\" {}", word(path))));
    }
    let (_, advice) = problem.split_once("; chmod ")?;
    let (mode, _) = advice.split_once(' ')?;
    Some(format!("chmod {mode} {}", word(path)))
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
}
