//! Documentation names the tests that show a promise. Each has to be there, under that name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every source of Rust below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_built = path.file_name().is_some_and(|name| name == "target" || name == ".git");
        if path.is_dir() && !is_built {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The module of a file, as its path within the crate: `host/owner.rs` and `host/owner/mod.rs` are
/// `host::owner`.
fn module(file: &Path, root: &Path) -> String {
    let path = file.strip_prefix(root).unwrap().with_extension("");
    let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
    let parts = parts.strip_suffix(&["mod"]).unwrap_or(&parts);
    parts.join("::")
}

/// The names of all functions of the files below a folder, each with the module of its file before it.
fn functions(root: &Path) -> BTreeSet<(String, String)> {
    let mut files = Vec::new();
    sources(root, &mut files);
    let mut found = BTreeSet::new();
    for file in files {
        let module = module(&file, root);
        let text = fs::read_to_string(&file).unwrap();
        for rest in text.split("fn ").skip(1) {
            let name = rest.split(['(', '<']).next().unwrap();
            found.insert((module.clone(), name.to_owned()));
        }
    }
    found
}

/// The names of tests that a text has between backquotes: paths whose last part is a sentence.
fn named(text: &str) -> impl Iterator<Item = (bool, &str)> {
    text.split("lib `").enumerate().flat_map(|(index, part)| {
        let is_lib_first = index > 0;
        let quoted = part.split('`').enumerate();
        // After `lib `, the part begins within backquotes.
        let within = move |at: usize| at.is_multiple_of(2) == is_lib_first;
        quoted
            .filter(move |(at, _)| within(*at))
            .map(move |(at, name)| (is_lib_first && at == 0, name))
    })
}

fn is_test(name: &str) -> bool {
    let is_path =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_:0123456789".contains(&byte));
    is_path && name.rsplit_once("::").is_some_and(|(_, last)| last.matches('_').count() > 2)
}

/// Whether a file is this module's, by the names of file and folders.
fn is_in(path: &str, module: &str) -> bool {
    let last = module.rsplit("::").next().unwrap_or(module);
    path.split("::").any(|part| part == last)
}

#[test]
fn the_tests_that_the_pages_on_reliability_and_systems_name_are_there() {
    are_there("docs/reliability.md", 200);
    are_there("docs/systems.md", 25);
}

/// Fails if a test is missing that a page names, or if it names fewer than expected.
fn are_there(page: &str, least: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join(page)).unwrap();
    let lib = functions(&root.join("goplug-runtime/src"));
    let all = functions(&root);
    let (mut count, mut missing) = (0, Vec::new());
    for (is_lib, name) in named(&text).filter(|(_, name)| is_test(name)) {
        count += 1;
        let (module, test) = name.rsplit_once("::").unwrap();
        // The tests of a file are in it, or in a file beside it.
        let module = module.strip_suffix("::tests").unwrap_or(module);
        let is_there = match is_lib {
            true => [module.to_owned(), format!("{module}::tests")]
                .into_iter()
                .any(|module| lib.contains(&(module, test.to_owned()))),
            false => all.iter().any(|(path, name)| name == test && is_in(path, module)),
        };
        if !is_there {
            missing.push(name);
        }
    }
    assert!(count > least, "only {count} names are read in {page}");
    assert_eq!(missing, [""; 0], "{page}");
}
