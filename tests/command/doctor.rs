//! What `goplug doctor` says that is to be typed helps: each test types it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{CALCULATOR, GOPLUG};

/// A folder of plugins, in a folder whose name has to be quoted.
struct Case {
    temp: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let temp = tempfile::Builder::new().prefix("it's ").tempdir().unwrap();
        let case = Self { temp };
        fs::create_dir(case.path("bin")).unwrap();
        std::os::unix::fs::symlink(GOPLUG, case.path("bin/goplug")).unwrap();
        fs::create_dir(case.path("tmp")).unwrap();
        case
    }

    /// With a copy of the calculator's program that is installed in this way.
    fn installed(words: &str) -> Self {
        let case = Self::new();
        fs::create_dir(case.path("built")).unwrap();
        fs::copy(CALCULATOR, case.path("built/calculator")).unwrap();
        let installed =
            case.shell(&format!("goplug install built/calculator --dir plugins {words}"));
        assert!(installed.status.success(), "{installed:?}");
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn shell(&self, line: &str) -> std::process::Output {
        let path = std::env::var("PATH").unwrap();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(line).current_dir(self.temp.path());
        shell.env("PATH", format!("{}:{path}", self.path("bin").display()));
        shell.env("TMPDIR", self.path("tmp")).env_remove("GOPLUG_DIR");
        shell.output().unwrap()
    }

    /// What is found under this name, after these lines of a shell.
    fn found(&self, lines: &str, what: &str) -> Value {
        let output = self.shell(&format!("{lines}\ngoplug --json doctor --dir plugins"));
        let findings: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let findings = findings.as_array().unwrap();
        let found = findings.iter().find(|finding| finding["what"] == what);
        found.unwrap_or_else(|| panic!("no {what}: {findings:#?}")).clone()
    }

    /// Looks after these lines of a shell, types what is advised for this, and looks again. Where the
    /// advice leaves the program open, it is the calculator's.
    fn assert_mended(&self, lines: &str, what: &str, after: &str) {
        let ill = self.found(lines, what);
        assert_eq!(ill["ok"], false, "{ill}");
        let advice = ill["try"].as_str().unwrap().replace("PROGRAM", CALCULATOR);
        // The second is for those who have no program.
        let typed = advice.split(", or ").next().unwrap();
        let well = self.found(&format!("{lines}\n{typed} >&2"), after);
        assert_eq!(well["ok"], true, "{typed}: {well}");
    }
}

const PLUGIN: &str = "math.Calculator";

#[test]
fn a_plugin_that_is_installed_is_well() {
    let case = Case::installed("");
    assert_eq!(case.found("", PLUGIN)["ok"], true);
    assert_eq!(case.found("", "folder")["ok"], true);
}

#[test]
fn files_that_others_may_write_are_named_with_the_command_that_mends_them() {
    for (words, name, what) in [
        ("", "plugins", "folder"),
        ("", "plugins/math.Calculator.pconf", "math.Calculator.pconf"),
        ("", "plugins/calculator", PLUGIN),
        ("--link", "built/calculator", PLUGIN),
        ("--link", "built", PLUGIN),
    ] {
        let case = Case::installed(words);
        case.chmod(name, 0o777);
        case.assert_mended("", what, PLUGIN);
    }
}

#[test]
fn files_of_another_user_are_named_with_the_command_that_mends_them() {
    for (name, what) in [
        ("plugins", "folder"),
        ("plugins/math.Calculator.pconf", "math.Calculator.pconf"),
        ("plugins/calculator", PLUGIN),
    ] {
        let case = Case::installed("");
        if std::os::unix::fs::chown(case.path(name), Some(65534), None).is_err() {
            eprintln!("not checked: only root gives files away");
            return;
        }
        case.assert_mended("", what, PLUGIN);
    }
}

#[test]
fn a_program_that_has_changed_is_installed_again_as_it_was() {
    for (words, name) in [("", "plugins/calculator"), ("--link", "built/calculator")] {
        let case = Case::installed(words);
        let mut content = fs::read(case.path(name)).unwrap();
        content.push(0);
        fs::remove_file(case.path(name)).unwrap();
        fs::write(case.path(name), content).unwrap();
        case.chmod(name, 0o755);
        case.assert_mended("", PLUGIN, PLUGIN);
        assert_eq!(case.path("plugins/calculator").exists(), words.is_empty());
    }
}

#[test]
fn a_program_without_a_digest_gets_one() {
    for words in ["--dev", "--dev --link"] {
        Case::installed(words).assert_mended("", PLUGIN, PLUGIN);
    }
}

#[test]
fn what_is_missing_is_installed_or_removed() {
    Case::new().assert_mended("", "folder", PLUGIN);
    let case = Case::installed("");
    fs::remove_file(case.path("plugins/calculator")).unwrap();
    case.assert_mended("", PLUGIN, PLUGIN);

    let case = Case::installed("");
    fs::write(case.path("plugins/broken.pconf"), "{").unwrap();
    let ill = case.found("", "broken.pconf");
    let (_, remove) = ill["try"].as_str().unwrap().split_once(", or ").unwrap();
    assert!(case.shell(remove).status.success(), "{remove}");
    assert!(!case.path("plugins/broken.pconf").exists());
}

#[test]
fn a_file_that_nobody_writes_holds_nothing_up() {
    let case = Case::installed("");
    let ill = case.found("mkfifo plugins/pipe.pconf", "pipe.pconf");
    assert_eq!(ill["found"], "it is not a regular file");
    assert_eq!(case.found("", PLUGIN)["ok"], true);
    // It looks at the other files for one that names the same program.
    assert!(case.shell("goplug uninstall math.Calculator --dir plugins").status.success());
    assert!(!case.path("plugins/calculator").exists());
}

fn dead_socket(path: &Path) {
    drop(UnixListener::bind(path).unwrap());
}

#[test]
fn sockets_of_the_dead_are_removed() {
    let case = Case::installed("");
    dead_socket(&case.path("plugins/dead.sock"));
    let keys = r#"{"Name": "Dead", "NameSpace": "", "Protocol": 2, "Sock": "dead.sock"}"#;
    fs::write(case.path("plugins/Dead.pconf"), keys).unwrap();
    let ill = case.found("", "Dead");
    let typed = ill["try"].as_str().unwrap().split(", unless").next().unwrap();
    assert!(case.shell(typed).status.success(), "{ill}");
    assert!(!case.path("plugins/Dead.pconf").exists());

    fs::create_dir(case.path("tmp/goplug-abc123")).unwrap();
    dead_socket(&case.path("tmp/goplug-abc123/0.sock"));
    case.assert_mended("", "sockets", "sockets");
}

#[test]
fn what_a_shell_has_set_too_low_or_wrong_is_set_in_that_shell() {
    let case = Case::installed("");
    case.assert_mended("ulimit -S -n 256", "descriptors", "descriptors");
    case.assert_mended("export TMPDIR=/nowhere", "TMPDIR", "TMPDIR");
    case.assert_mended("touch file; export TMPDIR=$PWD/file", "TMPDIR", "TMPDIR");
    let long = "long=$(printf '%090d' 0); mkdir -p /tmp/$long; export TMPDIR=/tmp/$long";
    case.assert_mended(long, "TMPDIR", "TMPDIR");
    assert!(case.shell("rmdir /tmp/$(printf '%090d' 0)").status.success());
    case.assert_mended("export GOPLUG_ATTACH=nonsense", "folder", "folder");
}
