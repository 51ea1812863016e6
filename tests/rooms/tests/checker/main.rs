//! The checker, on crates of a few lines: what it reports, and what it allows.

mod circles;
mod hints;
mod order;
mod paths;
mod platform;
mod sizes;
mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rooms::map::Rooms;
use rooms::modules::Crate;
use rooms::rules::Violation;

/// A crate whose root is the first of these files.
fn krate(files: &[(&str, &str)]) -> Crate {
    let sources: BTreeMap<PathBuf, &str> =
        files.iter().map(|(path, text)| (PathBuf::from(path), *text)).collect();
    let read = |path: &Path| sources.get(path).map(|text| (*text).to_owned());
    Crate::read("house", Path::new(files[0].0), &read).unwrap()
}

/// Three rooms, of which the last two never import each other.
const HOUSE: &[Rooms] = &[Rooms { of: "house", order: &["cellar", "hall", "attic | balcony"] }];

fn lines(violations: &[Violation]) -> Vec<String> {
    violations.iter().map(Violation::to_string).collect()
}
