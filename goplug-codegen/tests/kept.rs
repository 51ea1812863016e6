//! The code for `tests/kept/report.json`, kept as a file that people can read.
//!
//! After a change, `UPDATE_KEPT=1 cargo test -p goplug-codegen` writes it again. Read the difference
//! before you commit it. `lints.rs` compiles it.

use std::path::Path;

use goplug_codegen::Generator;

#[test]
fn the_code_is_what_is_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kept");
    let text = std::fs::read_to_string(folder.join("report.json")).unwrap();
    let actual = Generator::new().generate(&text).unwrap();
    let path = folder.join("report.rs");
    if std::env::var_os("UPDATE_KEPT").is_some_and(|value| !value.is_empty()) {
        std::fs::write(&path, &actual).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == actual, "the code is another now; see this file's head.\n\n{actual}");
}
