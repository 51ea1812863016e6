//! The `.pconf`: who writes it, with which mode, and whose file it is at the end.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use goplug_runtime::protocol::Pconf;

use super::{AS_PLUGIN, Served, program};

const FILE: &str = "Test.Sleeper.pconf";

/// Runs the program under this umask.
fn under(umask: &str, arguments: &[&Path]) -> Output {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("umask {umask}; exec \"$0\" \"$@\""));
    command.arg(std::env::current_exe().unwrap()).args(arguments);
    command.env(AS_PLUGIN, "1").stdin(Stdio::null()).output().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Installs the program, and returns its file.
fn installed(folder: &Path) -> PathBuf {
    let output = program().arg("install").arg(folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    folder.join(FILE)
}

pub(crate) fn modes_of_an_installation() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("new/plugins");
    let output = under("0", &["install".as_ref(), &folder]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(mode(&folder), 0o755);
    assert_eq!(mode(folder.parent().unwrap()), 0o755);
    assert_eq!(mode(&folder.join(FILE)), 0o644);
    // An existing folder stays as it is.
    fs::set_permissions(&folder, Permissions::from_mode(0o750)).unwrap();
    assert!(under("0", &["install".as_ref(), &folder]).status.success());
    assert_eq!(mode(&folder), 0o750);
}

pub(crate) fn a_strict_umask() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("plugins");
    assert!(under("077", &["install".as_ref(), &folder]).status.success());
    assert_eq!((mode(&folder), mode(&folder.join(FILE))), (0o700, 0o600));
}

pub(crate) fn warnings_of_an_installation() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().canonicalize().unwrap();
    for (mode, who) in [(0o777, "every user"), (0o775, "its group"), (0o755, "")] {
        fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        let output = program().arg("install").arg(&folder).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let warnings = text(&output.stderr);
        let of_folder = format!("warning: registries will not use {}: ", folder.display());
        let warning = warnings.lines().find(|line| line.starts_with(&of_folder));
        // A group with no member but this user may write.
        if mode == 0o775 && warning.is_none() {
            continue;
        }
        assert_eq!(warning.is_some(), mode != 0o755, "{warnings}");
        if let Some(warning) = warning {
            assert!(warning.contains(who), "{warning}");
            assert!(warning.ends_with("-w mends that"), "{warning}");
        }
    }
}

pub(crate) fn another_plugins_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let theirs = r#"{"Name":"Another","Exec":["another"]}"#;
    fs::write(&file, theirs).unwrap();
    let output = program().arg("install").arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(" announces Another: remove it, or install"));
    assert_eq!(fs::read_to_string(&file).unwrap(), theirs);
}

/// Starts the plugin in a folder in which it does not serve, and returns what it says.
fn refusal(folder: &Path) -> String {
    let output = program().arg("--dir").arg(folder).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!folder.join(super::SOCK).exists());
    text(&output.stderr)
}

pub(crate) fn served_where_installed() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path());
    let before = fs::read(&file).unwrap();
    let refusal = refusal(folder.path());
    let expected = "stays as it is: the plugin is installed there, and registries start it: \
                    serve in another folder, or remove the file\n";
    assert!(refusal.ends_with(expected), "{refusal}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

pub(crate) fn other_files_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let live = std::os::unix::net::UnixListener::bind(folder.path().join("live")).unwrap();
    for (content, expected) in [
        ("{\"Name\":", "it is not readable (not a JSON object: "),
        (r#"{"Name":"Another","Sock":"s"}"#, "it announces Another: serve in another folder"),
        (r#"{"Name":"Sleeper","Sock":"s"}"#, "it announces Sleeper: serve in another folder"),
        (
            r#"{"Name":"Sleeper","NameSpace":"Test","Sock":"live"}"#,
            "another process of the plugin serves there",
        ),
    ] {
        fs::write(&file, content).unwrap();
        let refusal = refusal(folder.path());
        assert!(refusal.contains(expected), "{refusal}");
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(refusal(folder.path()).contains(" is in the way: it is not a file"));
    drop(live);
}

pub(crate) fn left_over() {
    let mut served = Served::start(program());
    let file = served.folder.path().join(FILE);
    served.process.child.kill().unwrap();
    served.process.child.wait().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Its socket was elsewhere, and nobody listens there any more.
    let content = fs::read_to_string(&file).unwrap();
    fs::write(folder.path().join(FILE), content.replacen('{', r#"{"Note":"mine","#, 1)).unwrap();

    let mut again = Served::start_in(program(), folder);
    let file = again.folder.path().join(FILE);
    let content = fs::read_to_string(&file).unwrap();
    assert!(content.contains(r#""Note": "mine""#), "{content}");
    again.signal();
    assert!(again.ended().success());
    assert_eq!(again.files(), 0);
}

pub(crate) fn two_processes() {
    let mut served = Served::start(program());
    let output = program().arg("--dir").arg(served.folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let refusal = text(&output.stderr);
    assert!(refusal.contains("the socket is in use by another process"), "{refusal}");
    assert_eq!(served.files(), 2);
    assert_eq!(served.post("echo", r#"{"text":"hi"}"#), r#""hi""#);
    served.signal();
    assert!(served.ended().success());
    assert_eq!(served.files(), 0);
}

pub(crate) fn installed_while_serving() {
    let mut served = Served::start(program());
    let output = program().arg("install").arg(served.folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let warning = text(&output.stderr);
    assert!(warning.contains("warning: a process that somebody started serves Test.Sleeper"));
    served.signal();
    assert!(served.ended().success());
    let left = fs::read(served.folder.path().join(FILE)).unwrap();
    assert!(Pconf::parse(&left).unwrap().exec().is_some());
    assert_eq!(served.files(), 1);
}
