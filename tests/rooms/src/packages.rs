//! The packages of a checkout, and the crates of each.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A package, with paths within the checkout.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The root files of its crates: library, programs, tests and examples.
    pub roots: Vec<PathBuf>,
}

/// Every package below `checkout`, by folder.
///
/// # Errors
/// A folder or a manifest cannot be read.
pub fn packages(checkout: &Path) -> Result<Vec<Package>, Error> {
    let mut packages = Vec::new();
    let mut ahead = vec![PathBuf::new()];
    while let Some(folder) = ahead.pop() {
        for (name, path) in entries(&checkout.join(&folder))? {
            if path.is_dir() && !is_build_output(&name, &path) && !name.starts_with('.') {
                ahead.push(folder.join(name));
            } else if name == "Cargo.toml" {
                packages.extend(package(checkout, &folder)?);
            }
        }
    }
    packages.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(packages)
}

/// Whether cargo builds into a folder: it has the tag of caches, or cargo's usual name. `cargo
/// package` leaves whole packages there, and no tag.
fn is_build_output(name: &str, folder: &Path) -> bool {
    name == "target" || folder.join("CACHEDIR.TAG").exists()
}

/// The `.rs` files below a folder of the checkout, in order.
///
/// # Errors
/// A folder cannot be read.
pub fn sources(checkout: &Path, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut sources = Vec::new();
    if checkout.join(folder).is_dir() {
        for (name, path) in entries(&checkout.join(folder))? {
            if path.is_dir() {
                sources.extend(self::sources(checkout, &folder.join(name))?);
            } else if name.ends_with(".rs") {
                sources.push(folder.join(name));
            }
        }
    }
    sources.sort();
    Ok(sources)
}

fn package(checkout: &Path, folder: &Path) -> Result<Option<Package>, Error> {
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(checkout.join(&manifest))
        .map_err(|error| Error::new(&manifest, error))?;
    let manifest = Manifest::read(&text);
    let Some(name) = manifest.name else { return Ok(None) };
    let exists = |path: &PathBuf| checkout.join(path).is_file();
    let mut roots: BTreeSet<PathBuf> =
        manifest.targets.iter().map(|path| folder.join(path)).collect();
    roots.extend(["src/lib.rs", "src/main.rs"].map(|root| folder.join(root)));
    for targets in ["src/bin", "tests", "examples", "benches"] {
        let targets = folder.join(targets);
        if !checkout.join(&targets).is_dir() {
            continue;
        }
        for (name, path) in entries(&checkout.join(&targets))? {
            let root = targets.join(&name);
            if path.is_dir() {
                roots.insert(root.join("main.rs"));
            } else if name.ends_with(".rs") {
                roots.insert(root);
            }
        }
    }
    let roots = roots.into_iter().filter(exists).collect();
    Ok(Some(Package { name, folder: folder.to_owned(), roots }))
}

/// The parts of a manifest that are needed here.
#[derive(Debug, Default, PartialEq)]
struct Manifest {
    name: Option<String>,
    targets: Vec<String>,
}

impl Manifest {
    fn read(text: &str) -> Self {
        let mut manifest = Self::default();
        let mut table = "";
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                table = line.trim_matches(['[', ']']);
            } else if let Some((key, value)) = line.split_once('=') {
                let value = value.trim().trim_matches('"').to_owned();
                match (table, key.trim()) {
                    ("package", "name") => manifest.name = Some(value),
                    ("lib" | "bin" | "test" | "example" | "bench", "path") => {
                        manifest.targets.push(value);
                    }
                    _ => {}
                }
            }
        }
        manifest
    }
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let failed = |error: std::io::Error| Error::new(folder, error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        entries.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_output_has_no_packages() {
        let checkout = std::env::temp_dir().join(format!("goplug-rooms-{}", std::process::id()));
        for (folder, package) in [("src", "mine"), ("target/package/a-0.1.0", "a"), ("out/b", "b")]
        {
            let folder = checkout.join(folder);
            fs::create_dir_all(&folder).unwrap();
            let manifest = format!("[package]\nname = \"{package}\"\n");
            fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        }
        fs::write(checkout.join("out/CACHEDIR.TAG"), "").unwrap();
        let packages = packages(&checkout).unwrap();
        fs::remove_dir_all(&checkout).unwrap();
        let names: Vec<_> = packages.into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["mine"]);
    }

    #[test]
    fn a_manifest_is_read_as_far_as_it_names_its_package_and_targets() {
        let text = "[package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }\n\
                    [lib]\npath = \"lib.rs\"\n[[bin]]\nname = \"c\"\npath = \"bin/c.rs\"\n";
        let targets = vec!["lib.rs".to_owned(), "bin/c.rs".to_owned()];
        assert_eq!(Manifest::read(text), Manifest { name: Some("a".to_owned()), targets });
        assert_eq!(Manifest::read("[workspace]\nmembers = []\n"), Manifest::default());
    }
}
