//! What the macros say about wrong code, and that they accept unusual code that is right.
//!
//! One idea per case. `ui/NN-slug.rs` must not compile, and `NN-slug.stderr` is
//! what the user reads; everything in `ui/pass` must compile. After a change
//! of a message, run `TRYBUILD=overwrite cargo test -p goplug-messages`, which rewrites
//! the files, and read the difference.
//!
//! The recorded texts are those of one compiler, [`COMPILER`]: each compiler words its own part
//! differently. With another compiler, each case has to fail, and its first line has to be the
//! recorded one if the macros wrote that.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler whose messages are recorded. To move to another: change this, run
/// `TRYBUILD=overwrite cargo test -p goplug-messages` with that compiler, and read the
/// difference.
const COMPILER: &str = "1.95";

/// The variable that tells the process that compiles copies of the cases where they are.
const FOLDER: &str = "GOPLUG_MESSAGES_FOLDER";

#[test]
fn mistakes_are_explained_where_they_are_made() {
    if let Some(folder) = env::var_os(FOLDER) {
        trybuild::TestCases::new().compile_fail(Path::new(&folder).join("*.rs"));
    } else if is_the_kept_compiler() {
        trybuild::TestCases::new().compile_fail("ui/*.rs");
    } else {
        compare_first_lines();
    }
}

#[test]
fn unusual_code_that_is_right_compiles() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
}

fn is_the_kept_compiler() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // A nightly is 1.95.0-nightly.
    let version = text.split(' ').nth(1).unwrap();
    version.starts_with(&format!("{COMPILER}.")) && !version.contains('-')
}

/// Starts another process that compiles copies of the cases and writes the messages beside them,
/// and compares the first lines.
fn compare_first_lines() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("messages");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let cases = cases();
    for case in &cases {
        fs::copy(case, folder.join(case.file_name().unwrap())).unwrap();
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "mistakes_are_explained_where_they_are_made"])
        .env(FOLDER, &folder)
        .env("TRYBUILD", "overwrite")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "not every case was refused:\n{said}");
    let mut wrong = Vec::new();
    for case in cases {
        let recorded = first_line(&case.with_extension("stderr"));
        let found = first_line(&folder.join(case.with_extension("stderr").file_name().unwrap()));
        let is_right =
            if is_ours(&recorded) { found == recorded } else { code(&found) == code(&recorded) };
        if !is_right {
            wrong.push(format!("{}\n  now:      {found}\n  recorded: {recorded}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "the first lines differ:\n{}", wrong.join("\n"));
}

fn cases() -> Vec<PathBuf> {
    let folder = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")).unwrap();
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    files
}

fn first_line(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    text.lines().next().unwrap_or_default().to_owned()
}

/// Whether goplug wrote this message. What the macros report has no code; a bound that is not
/// met has one, and the message that goplug gave the bound.
fn is_ours(line: &str) -> bool {
    line.starts_with("error: ") || line.starts_with("error[E0277]") && line.contains("plugin")
}

/// The `error[E0308]` of a message of the compiler's own.
fn code(line: &str) -> &str {
    line.split(':').next().unwrap_or_default()
}
