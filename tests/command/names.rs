//! The names in a folder of plugins, as programs are installed.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use super::{CALCULATOR, goplug, installed};

fn install(plugins: &Path, program: &Path, words: &[&str]) -> Output {
    goplug(plugins).arg("install").arg(program).args(words).output().unwrap()
}

fn printed(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn keys(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// Changes keys of a file.
fn edit(file: &Path, change: impl FnOnce(&mut Value)) {
    let mut keys = keys(file);
    change(&mut keys);
    fs::write(file, keys.to_string()).unwrap();
}

/// A program of the same file name as the calculator's, with other bytes behind it.
fn new_build(folder: &Path) -> PathBuf {
    let program = folder.join(Path::new(CALCULATOR).file_name().unwrap());
    fs::copy(CALCULATOR, &program).unwrap();
    OpenOptions::new().append(true).open(&program).unwrap().write_all(b"new").unwrap();
    program
}

/// What doctor says of a plugin.
fn finding(plugins: &Path, what: &str) -> Value {
    let output = goplug(plugins).args(["--json", "doctor"]).output().unwrap();
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = findings.as_array().unwrap();
    findings.iter().find(|finding| finding["what"] == what).unwrap().clone()
}

#[test]
fn a_name_of_another_plugin_is_not_taken() {
    let plugins = tempfile::tempdir().unwrap();
    let folder = dunce::canonicalize(plugins.path()).unwrap();
    let is_refused = |file: &str, words: &[&str], text: &str| {
        let before = fs::read(folder.join(file)).unwrap();
        for more in [&[][..], &["--link"], &["--dev"], &["--dev", "--link"]] {
            let output = install(&folder, Path::new(CALCULATOR), &[words, more].concat());
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains(text) && said.contains(file), "{said}");
            assert!(said.contains("with --as") && said.contains("goplug uninstall "), "{said}");
            assert_eq!(fs::read(folder.join(file)).unwrap(), before);
            // Neither is the program left.
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "{more:?}");
        }
        fs::remove_file(folder.join(file)).unwrap();
    };
    let store = json!({"Name": "Store", "NameSpace": "own", "Exec": ["store"]});
    fs::write(folder.join("own.Store.pconf"), store.to_string()).unwrap();
    is_refused("own.Store.pconf", &["--as", "own.Store"], "own.Store is taken by another plugin");
    let names = json!({"Name": "Calculator", "NameSpace": "math", "AliasOf": "own.Store"});
    let mut other = store;
    other.as_object_mut().unwrap().extend(names.as_object().unwrap().clone());
    fs::write(folder.join("math.Calculator.pconf"), other.to_string()).unwrap();
    is_refused("math.Calculator.pconf", &[], "math.Calculator is taken by an alias of own.Store");
}

#[test]
fn a_new_build_renews_the_other_names_of_its_program() {
    let plugins = installed();
    let folder = dunce::canonicalize(plugins.path()).unwrap();
    let (own, second) = (folder.join("math.Calculator.pconf"), folder.join("math.Second.pconf"));
    let output = install(&folder, Path::new(CALCULATOR), &["--as", "math.Second"]);
    // The other file is as it should be.
    assert_eq!(printed(&output), [second.display().to_string()]);
    let other =
        json!({"Name": "Store", "NameSpace": "own", "AliasOf": "own.Base", "Exec": ["store"]});
    fs::write(folder.join("own.Store.pconf"), other.to_string()).unwrap();
    edit(&second, |keys| {
        keys["Remark"] = json!("mine");
        keys["Methods"] = json!([]);
    });
    let built = tempfile::tempdir().unwrap();
    let build = new_build(built.path());
    let output = install(&folder, &build, &[]);
    let renewed = format!("renewed {}", second.display());
    assert_eq!(printed(&output), [own.display().to_string(), renewed]);
    let (of_own, of_second) = (keys(&own), keys(&second));
    assert_eq!(of_own["Sha256"], of_second["Sha256"]);
    assert_eq!(of_own["Methods"], of_second["Methods"]);
    assert_eq!(
        (&of_second["Name"], &of_second["AliasOf"]),
        (&json!("Second"), &json!("math.Calculator"))
    );
    assert_eq!(of_second["Remark"], "mine");
    assert_eq!(keys(&folder.join("own.Store.pconf")), other);
    for name in ["math.Calculator", "math.Second"] {
        assert_eq!(finding(&folder, name)["ok"], true, "{name}");
    }
    // So does a build that is installed by a further name.
    let output = install(&folder, Path::new(CALCULATOR), &["--as", "math.Second"]);
    let renewed = format!("renewed {}", own.display());
    assert_eq!(printed(&output), [second.display().to_string(), renewed]);
    assert_eq!(finding(&folder, "math.Calculator")["ok"], true);
}

#[test]
fn what_is_advised_for_another_name_has_that_name() {
    let plugins = tempfile::tempdir().unwrap();
    let folder = dunce::canonicalize(plugins.path()).unwrap();
    let built = tempfile::tempdir().unwrap();
    let build = new_build(built.path());
    printed(&install(&folder, &build, &["--as", "math.Second"]));
    fs::copy(CALCULATOR, folder.join(build.file_name().unwrap())).unwrap();
    let found = finding(&folder, "math.Second");
    assert_eq!(found["ok"], false, "{found}");
    assert!(found["try"].as_str().unwrap().contains(" --as math.Second --dir "), "{found}");
    assert!(found.to_string().contains("install it again: goplug install "), "{found}");
    let again =
        install(&folder, &folder.join(build.file_name().unwrap()), &["--as", "math.Second"]);
    printed(&again);
    assert_eq!(finding(&folder, "math.Second")["ok"], true);
}
