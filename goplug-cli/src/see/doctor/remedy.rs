//! What to type about a file that a host does not use.

use std::path::{Path, PathBuf};

use crate::pconf::Pconf;
use crate::system::{access_remedy, real_path, remove, trust_remedy, word};

/// Installs a program again, as it was installed.
pub(super) fn install(pconf: &Pconf, program: &Path, dir: &Path) -> String {
    let real = |path: &Path| real_path(path).unwrap_or_else(|_| path.to_owned());
    let link = if real(program).starts_with(real(dir)) { "" } else { " --link" };
    let alias = pconf.alias_of().and_then(|_| pconf.id());
    let alias = alias.map(|alias| format!(" --as {}", word(Path::new(&alias.to_string()))));
    let alias = alias.unwrap_or_default();
    format!("goplug install {}{link}{alias} --dir {}", word(program), word(dir))
}

/// For a file that a registry rejects, or whose plugin it would not start, of this folder.
pub(super) fn of(path: &Path, reason: &str, dir: &Path) -> String {
    if let Some(remedy) = distrusted(path, reason) {
        return remedy;
    }
    if let Some(remedy) = access_remedy(path, reason) {
        return remedy;
    }
    let pconf = Pconf::read(path);
    match pconf.program() {
        Some(program) if program.is_file() => install(&pconf, &program, dir),
        _ => format!("goplug install PROGRAM --dir {}, or {}", word(dir), remove(path)),
    }
}

/// If other users could have written a file, what ends that.
fn distrusted(file: &Path, reason: &str) -> Option<String> {
    let (subject, problem) = reason.split_once(" is not to be trusted: ")?;
    let path = subject_of(subject).unwrap_or_else(|| file.to_owned());
    trust_remedy(&path, problem)
}

/// The path that a reason is about, if it names one: `the program /p`, or `the folder /f of the program`.
fn subject_of(subject: &str) -> Option<PathBuf> {
    let mut behind = subject.match_indices(' ').map(|(space, _)| &subject[space + 1..]);
    let path = behind.find(|rest| Path::new(rest).is_absolute())?;
    let is_folder = subject.starts_with("the folder ");
    let end = if is_folder { path.rfind(" of the ") } else { None };
    Some(path[..end.unwrap_or(path.len())].into())
}

#[cfg(all(test, unix))] // What is typed elsewhere, `system` tests.
mod tests {
    use super::*;

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
