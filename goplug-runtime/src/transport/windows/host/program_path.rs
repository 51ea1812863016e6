//! Which file a program's name means.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The extensions of files that can be started, in the order in which Windows looks for them.
const PROGRAMS: [&str; 4] = ["com", "exe", "bat", "cmd"];

/// Whether there is a file that can be started: Windows knows that by its extension alone. Does blocking
/// I/O.
pub fn is_executable(path: &Path) -> bool {
    has_extension(path, &PROGRAMS) && path.is_file()
}

/// The program at this path, or at this path with one of the extensions of the variable `PATHEXT` of this
/// process, as far as files with them can be started. Does blocking I/O.
pub fn program_at(path: &Path) -> Option<PathBuf> {
    if is_executable(path) {
        return Some(path.into());
    }
    let extensions = extensions(std::env::var_os("PATHEXT").as_deref());
    let mut named = extensions.iter().map(|extension| {
        let mut name = OsString::from(path);
        name.extend([".", *extension].map(OsStr::new));
        PathBuf::from(name)
    });
    named.find(|path| path.is_file())
}

/// Where programs are looked for if the environment has no `PATH`.
pub fn default_path() -> OsString {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    let folders = [Path::new(&root).join("System32"), root.clone().into()];
    std::env::join_paths(folders).unwrap_or(root)
}

/// Those of [`PROGRAMS`] that the variable names, in its order; without the variable all of them.
fn extensions(variable: Option<&OsStr>) -> Vec<&'static str> {
    let Some(variable) = variable.and_then(OsStr::to_str) else { return PROGRAMS.to_vec() };
    let known = |name: &str| PROGRAMS.into_iter().find(|known| name.eq_ignore_ascii_case(known));
    variable.split(';').filter_map(|name| known(name.trim().strip_prefix('.')?)).collect()
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let found = path.extension().and_then(OsStr::to_str);
    found.is_some_and(|found| extensions.iter().any(|known| found.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_extension() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        for name in ["tool.EXE", "tool.py", "with.dots.exe"] {
            std::fs::write(at(name), "").unwrap();
        }
        std::fs::create_dir(at("folder.exe")).unwrap();
        assert!(is_executable(&at("tool.exe")) && !is_executable(&at("tool.py")));
        assert!(!is_executable(&at("folder.exe")) && !is_executable(&at("none.exe")));
        assert_eq!(program_at(&at("tool")).unwrap().extension().unwrap(), "exe");
        assert_eq!(program_at(&at("with.dots")), Some(at("with.dots.exe")));
        assert_eq!(program_at(&at("none")), None);
        assert_eq!(program_at(&at("folder")), None);
    }

    #[test]
    fn the_variable_says_which_extensions_and_in_which_order() {
        assert_eq!(extensions(Some(OsStr::new(".EXE;.COM; .JS;cmd;"))), ["exe", "com"]);
        assert_eq!(extensions(None), PROGRAMS);
    }

    #[test]
    fn windows_own_programs_are_in_the_default_path() {
        let path = default_path();
        let found = std::env::split_paths(&path).find_map(|folder| program_at(&folder.join("cmd")));
        assert!(found.is_some(), "{path:?}");
    }
}
