//! What the verbs of the command print, and their exit status: the files in `cases` are sessions at a
//! shell. `TRYCMD=overwrite cargo test -p goplug-command` writes what the command prints now.

use std::path::Path;
use std::process::Command;

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
    std::os::unix::fs::symlink(CALCULATOR, folder.path().join("calculator")).unwrap();
    folder
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

#[test]
fn sessions() {
    let folder = folder();
    // Sessions run in the folder of the process.
    std::env::set_current_dir(folder.path()).unwrap();
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1");
    cases.env("COLUMNS", "100");
    cases.register_bin("goplug", Path::new(GOPLUG));
    cases.insert_var("[PROGRAM]", CALCULATOR).unwrap();
    cases.case(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/*.trycmd"));
    cases.case(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/command.md"));
    cases.run();
}
