//! The rules that the sources must follow.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use crate::graph::{Arrow, Graph};
use crate::map::{MAP_FILE, Never, Rooms};
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

/// Imports that point the wrong way: against the order of the rooms, or forbidden by `never`.
pub fn order(krate: &Crate, rooms: &[Rooms], never: &[Never]) -> Vec<Violation> {
    let graph = Graph::of(krate);
    let mut violations = Vec::new();
    let mut reported = BTreeSet::new();
    for arrow in graph.defining.iter().chain(&graph.naming) {
        let backwards = rooms.iter().filter_map(|rooms| backwards(krate, arrow, rooms));
        let forbidden = never.iter().filter_map(|never| forbidden(krate, arrow, never));
        let found: Vec<_> = backwards.chain(forbidden).collect();
        // A path may break a rule twice: by the room that it names and by the file that it leads
        // to.
        let path = (arrow.from, arrow.path.line, arrow.path.to_string());
        if !found.is_empty() && reported.insert(path) {
            violations.extend(found);
        }
    }
    violations.extend(self_names(krate));
    violations
}

/// Names that a crate gives itself. A path that starts with one does not show which room it leads
/// to.
fn self_names(krate: &Crate) -> Vec<Violation> {
    let modules = krate.modules.iter().filter(|_| krate.is_of_src());
    let lines = modules.flat_map(|module| {
        let file = &krate.files[module.file].path;
        module.mentions.self_names.iter().map(move |line| (file.clone(), *line))
    });
    let text = "`extern crate self` hides which room a path leads to: write `crate` in paths";
    lines.map(|(file, line)| Violation { file, line, text: text.to_owned() }).collect()
}

/// Rooms that the map does not have, and the crate itself if it has rooms but no order.
pub fn unlisted(krate: &Crate, rooms: &[Rooms]) -> Vec<Violation> {
    let mut listed = BTreeMap::new();
    for rooms in rooms {
        for (index, file) in krate.files.iter().enumerate() {
            if let Some(name) = room(krate, index, rooms.of)
                && rank(rooms, name).is_none()
            {
                let text = format!("the map has no room `{name}` in {}", rooms.of);
                let file = file.path.clone();
                listed.entry((rooms.of, name)).or_insert(Violation { file, line: 1, text });
            }
        }
    }
    let files = 0..krate.files.len();
    let names: BTreeSet<_> = files.filter_map(|file| room(krate, file, &krate.package)).collect();
    let is_on_the_map = rooms.iter().any(|rooms| rooms.of == krate.package);
    let mut violations: Vec<_> = listed.into_values().collect();
    if names.len() > 1 && !is_on_the_map {
        let text = format!("the map has no order for the rooms of {}", krate.package);
        violations.push(Violation { file: krate.files[0].path.clone(), line: 1, text });
    }
    violations
}

/// Rooms of the map that none of these crates has.
pub fn missing(crates: &[Crate], rooms: &[Rooms]) -> Vec<Violation> {
    let exists = |of: &str, name: &str| {
        let files = |krate: &Crate| 0..krate.files.len();
        crates.iter().any(|krate| files(krate).any(|file| room(krate, file, of) == Some(name)))
    };
    let violation = |rooms: &Rooms| {
        let listed = rooms.order.iter().flat_map(|tier| names(tier));
        let missing: Vec<_> = listed.filter(|room| !exists(rooms.of, room)).collect();
        (!missing.is_empty()).then(|| Violation {
            file: MAP_FILE.into(),
            line: 1,
            text: format!("{} lacks rooms of the map: {}", rooms.of, missing.join(", ")),
        })
    };
    rooms.iter().filter_map(violation).collect()
}

/// Circles among the files.
pub fn circles(krate: &Crate) -> Vec<Violation> {
    let mut violations = Vec::new();
    for circle in Graph::of(krate).circles(krate) {
        let files = circle.files.len();
        for way in &circle.ways {
            let Some((first, others)) = way.split_first() else { continue };
            let others: Vec<_> = others.iter().map(|arrow| line(krate, arrow)).collect();
            let why = format!("that is a circle, of {files} files in all: {}", others.join("; "));
            violations.push(violation(krate, first, &why));
        }
    }
    violations
}

/// `file:line imports path of file`.
fn line(krate: &Crate, arrow: &Arrow) -> String {
    format!(
        "{}:{} imports `{}` of {}",
        krate.files[arrow.from].path.display(),
        arrow.path.line,
        arrow.path,
        krate.files[arrow.to].path.display()
    )
}

/// The room of a file within `of`, which is spelled as in [`Rooms::of`].
pub fn room<'a>(krate: &'a Crate, file: usize, of: &str) -> Option<&'a str> {
    let mut of = of.split('/');
    // Other targets of a package, such as tests, have no rooms.
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

fn backwards(krate: &Crate, arrow: &Arrow, rooms: &Rooms) -> Option<Violation> {
    let from = room(krate, arrow.from, rooms.of)?;
    let to = room(krate, arrow.to, rooms.of)?;
    let (from_rank, to_rank) = (rank(rooms, from)?, rank(rooms, to)?);
    if from == to || to_rank < from_rank {
        return None;
    }
    let why = if to_rank == from_rank {
        format!("`{from}` and `{to}` never import each other")
    } else {
        format!("`{to}` comes after `{from}` in the order")
    };
    Some(violation(krate, arrow, &format!("in {} {why}", rooms.of)))
}

fn forbidden(krate: &Crate, arrow: &Arrow, never: &Never) -> Option<Violation> {
    let is_forbidden =
        is_within(krate, arrow.from, never.room) && is_within(krate, arrow.to, never.imports);
    let Never { room, imports, because } = never;
    let why = format!("{room} never imports from {imports}: {because}");
    is_forbidden.then(|| violation(krate, arrow, &why))
}

/// Whether a file is in the room `of`, which is spelled as in [`Rooms::of`].
pub fn is_within(krate: &Crate, file: usize, of: &str) -> bool {
    of.rsplit_once('/').is_some_and(|(around, name)| room(krate, file, around) == Some(name))
}

fn rank(rooms: &Rooms, room: &str) -> Option<usize> {
    rooms.order.iter().position(|tier| names(tier).any(|name| name == room))
}

fn names(tier: &str) -> impl Iterator<Item = &str> {
    tier.split('|').map(str::trim)
}

fn violation(krate: &Crate, arrow: &Arrow, why: &str) -> Violation {
    let file = krate.files[arrow.from].path.clone();
    let to = krate.files[arrow.to].path.display();
    let text = format!("imports `{}` of {to}: {why}", arrow.path);
    Violation { file, line: arrow.path.line, text }
}
