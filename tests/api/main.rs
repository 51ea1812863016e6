//! The public API of goplug as a text in the repository, so that a review shows every change.
//!
//! It is read from the sources: `sources` finds the modules and resolves names, `surface`
//! follows the re-exports of the crate `goplug` to the items, and `signature` writes their
//! signatures. So it needs no nightly compiler, no tool and no build, says the same with every
//! compiler, and follows re-exports from one crate into another, which rustdoc's JSON does not.
//! Of the code that a derive generates, the text has only the derive.
//!
//! After a change of the API, run `UPDATE_API=1 cargo test -p goplug-api`, which rewrites
//! `goplug.txt`, and read the difference.

mod signature;
mod sources;
mod surface;

use std::fs;
use std::path::{Path, PathBuf};

use sources::Sources;
use surface::Surface;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn surface() -> Surface {
    let mut sources = Sources::default();
    for name in ["goplug", "goplug-macros", "goplug-runtime"] {
        sources.read_crate(&name.replace('-', "_"), &root().join(name).join("src/lib.rs"));
    }
    Surface::of(sources, "goplug")
}

/// The crates that goplug itself depends on, as code spells them.
fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("goplug-runtime/Cargo.toml")).unwrap();
    let after = manifest.split("\n[dependencies]\n").nth(1).unwrap();
    let lines = after.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| Some(line.split_once(['.', ' '])?.0.replace('-', "_")));
    names.filter(|name| !name.starts_with('#')).collect()
}

#[test]
fn the_public_api_is_as_recorded() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("goplug.txt");
    let found = surface().text();
    if std::env::var_os("UPDATE_API").is_some_and(|value| !value.is_empty()) {
        fs::write(&file, &found).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let differs =
        found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    let line = differs.unwrap_or(found.lines().count().min(expected.lines().count()));
    assert!(
        found == expected,
        "the public API differs from tests/api/goplug.txt, from line {} on:\n  now:      {}\n  \
         recorded: {}\nIf that is meant, UPDATE_API=1 cargo test -p goplug-api updates the file.",
        line + 1,
        found.lines().nth(line).unwrap_or("(nothing)"),
        expected.lines().nth(line).unwrap_or("(nothing)"),
    );
}

#[test]
fn whatever_a_public_signature_names_can_be_named() {
    let surface = surface();
    let found = surface.unnameable();
    let lines: Vec<_> = found.iter().map(|(at, what)| format!("{at} names {what}")).collect();
    assert!(lines.is_empty(), "not exported from goplug:\n  {}", lines.join("\n  "));
}

/// A new major version of one of these crates is a new major version of goplug.
#[test]
fn public_signatures_name_few_other_crates() {
    let allowed = ["anyhow", "bytes", "futures_core", "serde", "serde_json"];
    let named = surface().foreign_crates(&dependencies());
    assert_eq!(named.iter().map(String::as_str).collect::<Vec<_>>(), allowed);
}
