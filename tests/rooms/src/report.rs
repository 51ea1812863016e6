//! The whole checkout: what breaks a rule, and the graph for people to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::graph::Graph;
use crate::map::{LINES_OF_A_FILE, LINES_OF_A_FUNCTION, NEVER, ROOMS};
use crate::modules::Crate;
use crate::packages::{self, Package};
use crate::rules::{self, Violation};
use crate::{size, words};

/// A checkout whose crates have been read.
#[derive(Debug)]
pub struct Checkout<'a> {
    folder: &'a Path,
    packages: Vec<Package>,
    /// Every crate, by package and root.
    pub crates: Vec<Crate>,
}

impl<'a> Checkout<'a> {
    /// Reads every crate below a folder.
    ///
    /// # Errors
    /// A file cannot be read or does not parse.
    pub fn read(folder: &'a Path) -> Result<Self, Error> {
        let packages = packages::packages(folder)?;
        let read = |path: &Path| fs::read_to_string(folder.join(path)).ok();
        let mut crates = Vec::new();
        for package in &packages {
            for root in &package.roots {
                crates.push(Crate::read(&package.name, root, &read)?);
            }
        }
        Ok(Self { folder, packages, crates })
    }

    /// Imports that point the wrong way, and rooms that the map does not have.
    pub fn order(&self) -> Vec<Violation> {
        self.of_each_crate(|krate| {
            let mut violations = rules::order(krate, ROOMS, NEVER);
            violations.extend(rules::unlisted(krate, ROOMS));
            violations
        })
    }

    /// Circles among the files of a crate.
    pub fn circles(&self) -> Vec<Violation> {
        self.of_each_crate(rules::circles)
    }

    /// Platform code outside of its room.
    pub fn platform(&self) -> Vec<Violation> {
        self.of_each_crate(rules::platform)
    }

    /// Rooms of the map that do not exist.
    pub fn missing(&self) -> Vec<String> {
        rules::missing(&self.crates, ROOMS)
    }

    /// Files and functions that are too long.
    ///
    /// # Errors
    /// A file cannot be read or does not parse.
    pub fn sizes(&self) -> Result<Vec<Violation>, Error> {
        self.of_each_source(
            |_| true,
            |path, text| {
                let mut violations = Vec::new();
                let lines = text.lines().count();
                if lines > LINES_OF_A_FILE {
                    let text = format!("the file has {lines} lines, more than {LINES_OF_A_FILE}");
                    violations.push(Violation { file: path.to_owned(), line: 1, text });
                }
                for function in size::functions(text)? {
                    if function.lines > LINES_OF_A_FUNCTION {
                        let (name, lines) = (function.name, function.lines);
                        let text =
                            format!("`{name}` has {lines} lines, more than {LINES_OF_A_FUNCTION}");
                        violations.push(Violation {
                            file: path.to_owned(),
                            line: function.line,
                            text,
                        });
                    }
                }
                Ok(violations)
            },
        )
    }

    /// Names that are gone, each once for a file.
    ///
    /// # Errors
    /// A file cannot be read or does not parse.
    pub fn words(&self) -> Result<Vec<Violation>, Error> {
        let held = |package: &Package| words::PACKAGES.contains(&package.name.as_str());
        self.of_each_source(held, |path, text| {
            let mut lines: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
            let in_path = words::in_path(path).map(|word| (word, 1));
            for (word, line) in in_path.into_iter().chain(words::in_text(text)?) {
                lines.entry((word.old, word.now)).or_default().push(line);
            }
            let violation = |((old, now), lines): ((&str, &str), Vec<usize>)| Violation {
                file: path.to_owned(),
                line: lines[0],
                text: format!("`{old}` is an old name ({} times): {now}", lines.len()),
            };
            Ok(lines.into_iter().map(violation).collect())
        })
    }

    /// Everything that breaks a rule, by rule.
    ///
    /// # Errors
    /// A file cannot be read or does not parse.
    pub fn violations(&self) -> Result<String, Error> {
        let mut text = String::new();
        section(&mut text, "imports that point the wrong way", &self.order());
        section(&mut text, "circles", &self.circles());
        section(&mut text, "platform code outside of its room", &self.platform());
        section(&mut text, "too long", &self.sizes()?);
        section(&mut text, "old names", &self.words()?);
        section(&mut text, "rooms of the map that do not exist", &self.missing());
        Ok(text)
    }

    /// The rooms of each crate, with the rooms that each imports from.
    pub fn graph(&self) -> String {
        let mut text = String::new();
        for krate in self.crates.iter().filter(|krate| krate.is_of_src() && krate.files.len() > 2) {
            let root = krate.files[0].path.display();
            let _ = writeln!(text, "== {} ({root}), {} files", krate.package, krate.files.len());
            let mut parts = vec![krate.package.clone()];
            let inner = ROOMS.iter().map(|rooms| rooms.of.to_owned());
            parts.extend(inner.filter(|of| of.starts_with(&format!("{}/", krate.package))));
            for part in parts {
                rooms(&mut text, krate, &part);
            }
        }
        text
    }

    fn of_each_crate(&self, check: impl Fn(&Crate) -> Vec<Violation>) -> Vec<Violation> {
        let mut violations: Vec<_> = self.crates.iter().flat_map(check).collect();
        violations.sort();
        violations.dedup();
        violations
    }

    fn of_each_source(
        &self,
        is_held: impl Fn(&Package) -> bool,
        check: impl Fn(&Path, &str) -> Result<Vec<Violation>, syn::Error>,
    ) -> Result<Vec<Violation>, Error> {
        let mut violations = Vec::new();
        for package in self.packages.iter().filter(|package| is_held(package)) {
            for path in packages::sources(self.folder, &package.folder.join("src"))? {
                let failed = |error: &dyn std::fmt::Display| Error::new(&path, error);
                let text =
                    fs::read_to_string(self.folder.join(&path)).map_err(|error| failed(&error))?;
                violations.extend(check(&path, &text).map_err(|error| failed(&error))?);
            }
        }
        violations.sort();
        Ok(violations)
    }
}

fn section(text: &mut String, title: &str, lines: &[impl std::fmt::Display]) {
    let _ = writeln!(text, "== {title}: {}", lines.len());
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
}

/// For each room its files, and for each room that it imports from the number of arrows.
fn rooms(text: &mut String, krate: &Crate, part: &str) {
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for file in 0..krate.files.len() {
        if let Some(room) = rules::room(krate, file, part) {
            *files.entry(room).or_default() += 1;
        }
    }
    let mut arrows: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for arrow in Graph::of(krate).defining {
        let from = rules::room(krate, arrow.from, part);
        let to = rules::room(krate, arrow.to, part);
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            *arrows.entry(from).or_default().entry(to).or_default() += 1;
        }
    }
    let _ = writeln!(text, "{part}");
    for (room, files) in files {
        let to = arrows.get(room).into_iter().flatten();
        let to: Vec<_> = to.map(|(to, count)| format!("{to} ({count})")).collect();
        let _ = writeln!(text, "  {room}, {files} files -> {}", to.join(", "));
    }
}
