//! What the sources are held to.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use crate::graph::{Arrow, Graph};
use crate::map::{Never, PLATFORM_PACKAGE, PLATFORM_PATHS, PLATFORM_ROOM, Rooms};
use crate::modules::Crate;

/// A line that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The file, within the checkout.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What it does, and which rule that breaks.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.text)
    }
}

/// Imports that point the wrong way, by the order of the rooms and by what never meets.
pub fn order(krate: &Crate, rooms: &[Rooms], never: &[Never]) -> Vec<Violation> {
    let graph = Graph::of(krate);
    let mut violations = Vec::new();
    for arrow in graph.defining.iter().chain(&graph.naming) {
        for rooms in rooms {
            violations.extend(wrong_way(krate, arrow, rooms));
        }
        for never in never {
            let meets = is_within(krate, arrow.from, never.room)
                && is_within(krate, arrow.to, never.imports);
            if meets {
                let text = format!(
                    "imports `{}` of {}, but {} never imports from {}: {}",
                    arrow.path,
                    krate.files[arrow.to].path.display(),
                    never.room,
                    never.imports,
                    never.because,
                );
                violations.push(at(krate, arrow, text));
            }
        }
    }
    violations
}

/// Rooms that the map does not have.
pub fn unlisted(krate: &Crate, rooms: &[Rooms]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut seen = BTreeSet::new();
    for rooms in rooms {
        for (index, file) in krate.files.iter().enumerate() {
            let Some(room) = room(krate, index, rooms.of) else { continue };
            if rank(rooms, room).is_none() && seen.insert((rooms.of, room)) {
                let text = format!("the map has no room `{room}` in {}", rooms.of);
                violations.push(Violation { file: file.path.clone(), line: 1, text });
            }
        }
    }
    violations
}

/// Rooms of the map that none of these crates has.
pub fn missing(crates: &[Crate], rooms: &[Rooms]) -> Vec<String> {
    let exists = |of: &str, name: &str| {
        let files = |krate: &Crate| 0..krate.files.len();
        crates.iter().any(|krate| files(krate).any(|file| room(krate, file, of) == Some(name)))
    };
    let mut missing = Vec::new();
    for rooms in rooms {
        for room in rooms.order.iter().flat_map(|tier| names(tier)) {
            if !exists(rooms.of, room) {
                missing.push(format!("{} has no room `{room}`, but the map does", rooms.of));
            }
        }
    }
    missing
}

/// Circles among the files.
pub fn circles(krate: &Crate) -> Vec<Violation> {
    let mut violations = Vec::new();
    for circle in Graph::of(krate).circles(krate) {
        for way in &circle.ways {
            let lines: Vec<_> = way.iter().map(|arrow| line(krate, arrow)).collect();
            let files = circle.files.len();
            let text = format!("a circle, of {files} files in all: {}", lines.join("; "));
            violations.extend(way.first().map(|arrow| at(krate, arrow, text)));
        }
    }
    violations
}

/// Platform code outside of its room.
pub fn platform(krate: &Crate) -> Vec<Violation> {
    let mut violations = BTreeSet::new();
    if krate.package != PLATFORM_PACKAGE || !krate.is_of_src() {
        return Vec::new();
    }
    for module in &krate.modules {
        let file = &krate.files[module.file];
        if file.module.first().is_some_and(|room| room == PLATFORM_ROOM) {
            continue;
        }
        let paths = module.mentions.paths.iter().filter_map(|path| {
            let is_platform = PLATFORM_PATHS.iter().any(|start| path.starts_with(start));
            is_platform.then(|| (format!("names `{path}`"), path.line))
        });
        let conditions = module.mentions.conditions.iter();
        let conditions = conditions.map(|(word, line)| (format!("asks for `{word}`"), *line));
        for (does, line) in paths.chain(conditions) {
            let text = format!("{does}, but only {PLATFORM_ROOM} has platform code");
            violations.insert(Violation { file: file.path.clone(), line, text });
        }
    }
    violations.into_iter().collect()
}

/// `file:line imports path of file`.
pub fn line(krate: &Crate, arrow: &Arrow) -> String {
    format!(
        "{}:{} imports `{}` of {}",
        krate.files[arrow.from].path.display(),
        arrow.path.line,
        arrow.path,
        krate.files[arrow.to].path.display()
    )
}

/// The room of a file below `of`, a package and modules in it.
pub fn room<'a>(krate: &'a Crate, file: usize, of: &str) -> Option<&'a str> {
    let mut of = of.split('/');
    // A package's tests are crates without an order.
    if of.next() != Some(&krate.package) || !krate.is_of_src() {
        return None;
    }
    let mut modules = krate.files[file].module.iter();
    for name in of {
        if modules.next()? != name {
            return None;
        }
    }
    modules.next().map(String::as_str)
}

fn wrong_way(krate: &Crate, arrow: &Arrow, rooms: &Rooms) -> Option<Violation> {
    let from = room(krate, arrow.from, rooms.of)?;
    let to = room(krate, arrow.to, rooms.of)?;
    let (below, above) = (rank(rooms, to)?, rank(rooms, from)?);
    if from == to || below < above {
        return None;
    }
    let why = if below == above {
        format!("`{from}` and `{to}` never import each other")
    } else {
        format!("`{to}` comes after `{from}` in the order")
    };
    let text = format!(
        "imports `{}` of {}: in {} {why}",
        arrow.path,
        krate.files[arrow.to].path.display(),
        rooms.of,
    );
    Some(at(krate, arrow, text))
}

fn is_within(krate: &Crate, file: usize, of: &str) -> bool {
    of.rsplit_once('/').is_some_and(|(around, name)| room(krate, file, around) == Some(name))
}

fn rank(rooms: &Rooms, room: &str) -> Option<usize> {
    rooms.order.iter().position(|tier| names(tier).any(|name| name == room))
}

fn names(tier: &str) -> impl Iterator<Item = &str> {
    tier.split('|').map(str::trim)
}

fn at(krate: &Crate, arrow: &Arrow, text: String) -> Violation {
    let file = krate.files[arrow.from].path.clone();
    Violation { file, line: arrow.path.line, text }
}
