//! The command interpreter: command lines that it runs, and those that users are told to type.

use std::path::{Path, PathBuf};

use tokio::process::Command;

/// A command line of the shell.
pub(crate) fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd.exe");
    // It takes what is between the outer quotes as it is: the rules for arguments are not its own.
    command.args(["/D", "/S", "/C"]).raw_arg(format!("\"{line}\""));
    command
}

/// A word of a command line, with quotes if it needs any. No path has a quote in it.
pub(crate) fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_alphanumeric() || r"_-.\/:@+~".contains(letter);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text,
        false => format!("\"{text}\""),
    }
}

/// A command that only an administrator may run.
pub(crate) fn as_root(command: &str) -> String {
    format!("{command}, as an administrator")
}

/// Removes a file.
pub(crate) fn remove(file: &Path) -> String {
    format!("del {}", word(file))
}

/// Removes folders with what is in them.
pub(crate) fn remove_folders(folders: &[PathBuf]) -> String {
    let words: Vec<_> = folders.iter().map(|folder| word(folder)).collect();
    format!("rmdir /s /q {}", words.join(" "))
}

/// What lets this user read a file or a folder, if a system's error says that he may not.
pub(crate) fn access_remedy(path: &Path, error: &str) -> Option<String> {
    error.contains("(os error 5)").then(|| format!("icacls {} /grant %USERNAME%:RX", word(path)))
}

/// What ends a problem for which a host does not trust a file, in the host's own words: other users could
/// have written it.
pub(crate) fn trust_remedy(path: &Path, problem: &str) -> Option<String> {
    if problem.contains("belongs to another user") {
        return Some(as_root(&format!("icacls {} /setowner %USERNAME%", word(path))));
    }
    let (_, advice) = problem.split_once("; icacls FILE ")?;
    let (options, _) = advice.split_once(" mends")?;
    Some(format!("icacls {} {options}", word(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word() {
        for (path, typed) in [(r"C:\a\b-c.pconf", r"C:\a\b-c.pconf"), (r"C:\a b", "\"C:\\a b\"")] {
            assert_eq!(word(Path::new(path)), typed);
        }
    }

    #[test]
    fn what_a_host_advises_is_typed_for_the_file() {
        let typed = |problem: &str| trust_remedy(Path::new(r"C:\a b"), problem);
        let listed = "Everyone (S-1-1-0) may write it; icacls FILE /inheritance:d /remove:g \
                      *S-1-1-0 mends that";
        let expected = "icacls \"C:\\a b\" /inheritance:d /remove:g *S-1-1-0";
        assert_eq!(typed(listed).as_deref(), Some(expected));
        let owned = typed("it belongs to another user (Users (S-1-5-32-545))").unwrap();
        assert!(owned.starts_with("icacls \"C:\\a b\" /setowner "), "{owned}");
        assert_eq!(typed("its size is odd"), None);
    }

    #[tokio::test]
    async fn a_command_line_is_run_as_it_is_typed() {
        let output = shell("echo \"a b\" & exit 7").output().await.unwrap();
        assert_eq!(output.status.code(), Some(7));
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "\"a b\"");
    }
}
