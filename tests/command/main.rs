//! What the verbs of the command print, and their exit status: the files in `cases` are sessions at a
//! shell. `TRYCMD=overwrite cargo test -p goplug-command` writes what the command prints now.

#[cfg(unix)]
mod doctor; // types what is advised into a POSIX shell, and sets modes
#[cfg(unix)]
mod interrupts; // signals
mod names;
#[cfg(unix)]
mod original; // GoPlug 1 is a matter of Unix
mod running;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

const GOPLUG: &str = env!("CARGO_BIN_EXE_command-goplug");
const CALCULATOR: &str = env!("CARGO_BIN_EXE_command-calculator");

/// A folder with a plugin's program, and a folder `plugins` with a plugin and a file that cannot be
/// used.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    let installed = Command::new(CALCULATOR).arg("install").arg(&plugins).status().unwrap();
    assert!(installed.success());
    std::fs::write(plugins.join("broken.pconf"), "{").unwrap();
    std::fs::write(folder.path().join("older.pconf"), older(&plugins)).unwrap();
    std::fs::write(folder.path().join("known"), "activation/goplug-1  # it passes\n").unwrap();
    let keys = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    let secret = keys.sk.to_box(None).unwrap();
    std::fs::write(folder.path().join("minisign.key"), secret.into_string()).unwrap();
    add_programs(folder.path());
    folder
}

/// Makes the programs that sessions name.
#[cfg(unix)]
fn add_programs(folder: &Path) {
    use std::os::unix::fs::{PermissionsExt, symlink};
    symlink(CALCULATOR, folder.join("calculator")).unwrap();
    for (name, text) in
        [("yes-without-end", "#!/bin/sh\nexec yes\n"), ("no-interpreter", "#!/nowhere/python3\n")]
    {
        let script = folder.join(name);
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/site/plugins/python");
    symlink(python, folder.join("python")).unwrap();
    // Hosts that are tried are started by what the sessions call them.
    std::fs::create_dir(folder.join("bin")).unwrap();
    symlink(GOPLUG, folder.join("bin/goplug")).unwrap();
}

/// Makes the programs that sessions name.
#[cfg(windows)]
fn add_programs(folder: &Path) {
    std::fs::copy(CALCULATOR, folder.join("calculator.exe")).unwrap();
    std::fs::create_dir(folder.join("bin")).unwrap();
    std::fs::copy(GOPLUG, folder.join("bin/goplug.exe")).unwrap();
}

/// The sessions.
fn sessions_of_this_system() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = here.join("cases").read_dir().unwrap().map(|entry| entry.unwrap().path());
    if cfg!(windows) {
        let is_portable = |file: &PathBuf| PORTABLE.iter().any(|name| file.ends_with(name));
        return files.filter(is_portable).collect();
    }
    files.chain([here.join("../../docs/command.md")]).collect()
}

/// The sessions that Windows has as well. The others name files of Unix and its errors, need Python, or send so much
/// that the pipes of wine take half a minute.
const PORTABLE: [&str; 3] = ["call.trycmd", "complete.trycmd", "failures.trycmd"];

/// A folder with a plugin and a copy of its program, which no other folder has.
fn installed() -> tempfile::TempDir {
    let plugins = tempfile::tempdir().unwrap();
    let installed = goplug(plugins.path()).arg("install").arg(CALCULATOR).output().unwrap();
    assert!(installed.status.success(), "{installed:?}");
    plugins
}

/// What the command prints as JSON.
fn json(plugins: &Path, words: &[&str]) -> Value {
    let output = goplug(plugins).arg("--json").args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The plugin in the list.
fn listed(plugins: &Path) -> Value {
    let list = json(plugins, &["ls"]);
    let entries = list.as_array().unwrap();
    entries.iter().find(|entry| entry["name"] == "math.Calculator").unwrap().clone()
}

/// The command, which works on a folder of plugins.
fn goplug(plugins: &Path) -> Command {
    let mut command = Command::new(GOPLUG);
    command.env("GOPLUG_DIR", plugins).env("NO_COLOR", "1");
    command
}

/// What an older version has installed: `add` had other types, and one method was not there yet.
fn older(plugins: &Path) -> String {
    let text = std::fs::read_to_string(plugins.join("math.Calculator.pconf")).unwrap();
    let mut keys: Value = serde_json::from_str(&text).unwrap();
    let methods = keys["Methods"].as_array_mut().unwrap();
    methods.retain(|method| method["name"] != "mirror");
    let add = methods.iter_mut().find(|method| method["name"] == "add").unwrap();
    add["params"][0] =
        json!({"name": "a", "type": "i32", "schema": {"type": "integer", "format": "int32"}});
    keys.to_string()
}

/// Sessions list the processes that serve, so nothing else starts any meanwhile.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn sessions() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = folder();
    #[cfg(unix)]
    original::serve(&folder.path().join("original"));
    // Sessions run in the folder of the process.
    std::env::set_current_dir(folder.path()).unwrap();
    let tmp = folder.path().join("tmp");
    std::fs::create_dir(&tmp).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let bin = [folder.path().join("bin")].into_iter();
    let path = std::env::join_paths(bin.chain(std::env::split_paths(&path))).unwrap();
    // One after the other: a session lists what another one has started.
    for file in sessions_of_this_system() {
        let cases = trycmd::TestCases::new();
        cases.env("NO_COLOR", "1").env("COLUMNS", "100");
        cases.env("PATH", path.to_str().unwrap());
        cases.env(if cfg!(windows) { "TMP" } else { "TMPDIR" }, tmp.to_str().unwrap());
        cases.register_bin("goplug", Path::new(GOPLUG));
        cases.insert_var("[PROGRAM]", CALCULATOR).unwrap();
        cases.case(file);
        cases.run();
    }
}

#[test]
fn a_new_project_finds_the_crate_in_a_checkout() {
    let folder = tempfile::tempdir().unwrap();
    let workspace =
        dunce::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let made = |name: &str, path: &Path| {
        let mut command = goplug(folder.path());
        command.current_dir(folder.path()).args(["new", name, "--plugin", "--namespace", ""]);
        command.arg("--goplug").arg(path).output().unwrap()
    };
    for (name, path) in [("one", workspace.clone()), ("other", workspace.join("goplug"))] {
        assert!(made(name, &path).status.success());
        let manifest =
            std::fs::read_to_string(folder.path().join(name).join("Cargo.toml")).unwrap();
        let expected = format!("path = {:?}", workspace.join("goplug"));
        assert!(manifest.contains(&expected), "{manifest}");
    }
    let refused = made("none", folder.path());
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(!folder.path().join("none").exists());
}

/// What the command writes for continuous integration.
#[test]
fn conformance_writes_a_report_in_xml() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = folder();
    let known = folder.path().join("known");
    std::fs::write(&known, "stop/cut-off\n").unwrap();
    let junit = folder.path().join("junit.xml");
    let mut command = Command::new(GOPLUG);
    command.args(["conformance", "--tap", "--filter", "stop/stop", "--filter", "stop/cut-off"]);
    command.arg("--junit").arg(&junit).arg("--known-failing").arg(&known);
    let output = command.arg("--").arg(CALCULATOR).output().unwrap();
    // The calculator has no method for the case that is known to fail.
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("# stop/cut-off is known to fail, and is skipped\n"), "{text}");
    let report = std::fs::read_to_string(junit).unwrap();
    assert!(
        report.contains("<testcase classname=\"Ping and Stop\" name=\"stop/stop\" "),
        "{report}"
    );
    assert!(report.contains("<skipped message=\"the plugin has no wait_at("), "{report}");
    assert!(report.contains(" failures=\"1\" "), "{report}");
}
