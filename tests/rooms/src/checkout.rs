//! Checks a whole checkout against every rule.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::map::{LINES_OF_A_FILE, LINES_OF_A_FUNCTION, NEVER, ROOMS};
use crate::modules::Crate;
use crate::packages::{self, Package};
use crate::rules::{self, Violation};
use crate::{platform, size, words};

/// A checkout whose crates have been read.
#[derive(Debug)]
pub struct Checkout {
    /// Every crate that could be read, by package and root.
    pub crates: Vec<Crate>,
    /// Why the other crates could not be read.
    pub unread: Vec<Error>,
    sources: Vec<Source>,
}

/// A file below a package's `src`.
#[derive(Debug)]
struct Source {
    package: String,
    path: PathBuf,
    text: String,
}

/// A rule, and what breaks it.
#[derive(Debug)]
pub struct Verdict {
    /// What the violations have in common.
    pub title: &'static str,
    /// What to do about them.
    pub hint: &'static str,
    /// The violations, by file and line.
    pub violations: Vec<Violation>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "== {}: {}", self.title, self.violations.len())?;
        if !self.violations.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        writeln!(f)?;
        self.violations.iter().try_for_each(|violation| writeln!(f, "{violation}"))
    }
}

impl Checkout {
    /// Reads every crate below a folder.
    ///
    /// # Errors
    /// A folder, a manifest or a file of `src` cannot be read.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut checkout = Self { crates: Vec::new(), unread: Vec::new(), sources: Vec::new() };
        let read = |path: &Path| fs::read_to_string(folder.join(path)).ok();
        for package in packages::packages(folder)? {
            for root in &package.roots {
                match Crate::read(&package.name, root, &read) {
                    Ok(krate) => checkout.crates.push(krate),
                    Err(error) => checkout.unread.push(error),
                }
            }
            checkout.read_sources(folder, &package)?;
        }
        Ok(checkout)
    }

    /// Imports that point the wrong way.
    pub fn order(&self) -> Verdict {
        let violations = self.of_crates(|krate| rules::order(krate, ROOMS, NEVER));
        let hint = "move what both need into a room above, or pass it as a parameter or trait";
        Verdict { title: "imports that point the wrong way", hint, violations }
    }

    /// Rooms that the map does not name, and rooms that exist only on the map.
    pub fn map(&self) -> Verdict {
        let mut violations = self.of_crates(|krate| rules::unlisted(krate, ROOMS));
        violations.extend(rules::missing(&self.crates, ROOMS));
        let hint = "a new room: add it to its list in tests/rooms/src/map.rs, below the rooms that \
                    it imports from; a room that is gone: remove it from its list";
        Verdict { title: "rooms that differ from the map", hint, violations }
    }

    /// Circles among the files of a crate.
    pub fn circles(&self) -> Verdict {
        let hint = "move what two files need from each other into a third that both import";
        Verdict { title: "circles", hint, violations: self.of_crates(rules::circles) }
    }

    /// Platform code and unsafe code outside of their room.
    pub fn platform(&self) -> Verdict {
        let violations = self.of_crates(platform::violations);
        let hint = "move it into the room that has such code, behind a function that works \
                    everywhere";
        Verdict { title: "platform and unsafe code outside of their room", hint, violations }
    }

    /// Files that are too long.
    pub fn files(&self) -> Verdict {
        let violations = self.of_sources(|source| {
            let lines = source.text.lines().count();
            let text = format!("the file has {lines} lines, more than {LINES_OF_A_FILE}");
            let is_long = lines > LINES_OF_A_FILE;
            Ok(is_long.then(|| source.violation(1, text)).into_iter().collect())
        });
        let hint = "move one idea of the file into a file of its own";
        Verdict { title: "long files", hint, violations }
    }

    /// Functions that are too long.
    pub fn functions(&self) -> Verdict {
        let violations = self.of_sources(|source| {
            let mut functions = size::functions(&source.text)?;
            functions.retain(|function| function.lines > LINES_OF_A_FUNCTION);
            let violation = |function: size::Function| {
                let (name, lines) = (function.name, function.lines);
                let text = format!("`{name}` has {lines} lines, more than {LINES_OF_A_FUNCTION}");
                source.violation(function.line, text)
            };
            Ok(functions.into_iter().map(violation).collect())
        });
        let hint = "move one step of the function into a function of its own";
        Verdict { title: "long functions", hint, violations }
    }

    /// Old names, each reported once per file.
    pub fn words(&self) -> Verdict {
        let violations = self.of_sources(|source| {
            if !words::PACKAGES.contains(&source.package.as_str()) {
                return Ok(Vec::new());
            }
            let mut lines: BTreeMap<_, Vec<usize>> = BTreeMap::new();
            let in_path = words::in_path(&source.path).into_iter().map(|word| (word, 1));
            for (word, line) in in_path.chain(words::in_text(&source.path, &source.text)?) {
                lines.entry((word.old, word.now)).or_default().push(line);
            }
            let violation = |((old, now), lines): ((&str, &str), Vec<usize>)| {
                let times = lines.len();
                let text = format!("`{old}` is an old name ({times} times); now: {now}");
                source.violation(lines[0], text)
            };
            Ok(lines.into_iter().map(violation).collect())
        });
        let hint = "rename it; tests/rooms/src/words.rs lists the names";
        Verdict { title: "old names", hint, violations }
    }

    /// Files that could not be read.
    pub fn unread(&self) -> Verdict {
        let violation = |error: &Error| Violation {
            file: error.file.clone(),
            line: 1,
            text: format!("its crate is not checked: {}", error.text),
        };
        let violations = self.unread.iter().map(violation).collect();
        let hint = "make the crate compile first";
        Verdict { title: "crates that could not be read", hint, violations }
    }

    /// Every rule.
    pub fn verdicts(&self) -> Vec<Verdict> {
        vec![
            self.unread(),
            self.map(),
            self.order(),
            self.circles(),
            self.platform(),
            self.files(),
            self.functions(),
            self.words(),
        ]
    }

    fn read_sources(&mut self, folder: &Path, package: &Package) -> Result<(), Error> {
        for path in packages::sources(folder, &package.folder.join("src"))? {
            let text =
                fs::read_to_string(folder.join(&path)).map_err(|error| Error::new(&path, error))?;
            self.sources.push(Source { package: package.name.clone(), path, text });
        }
        Ok(())
    }

    fn of_crates(&self, check: impl Fn(&Crate) -> Vec<Violation>) -> Vec<Violation> {
        let mut violations: Vec<_> = self.crates.iter().flat_map(check).collect();
        violations.sort();
        violations.dedup();
        violations
    }

    fn of_sources(
        &self,
        check: impl Fn(&Source) -> Result<Vec<Violation>, syn::Error>,
    ) -> Vec<Violation> {
        let mut violations = Vec::new();
        for source in &self.sources {
            match check(source) {
                Ok(found) => violations.extend(found),
                Err(error) => {
                    let line = error.span().start().line;
                    violations.push(source.violation(line, format!("does not parse: {error}")));
                }
            }
        }
        violations.sort();
        violations
    }
}

impl Source {
    fn violation(&self, line: usize, text: String) -> Violation {
        Violation { file: self.path.clone(), line, text }
    }
}
