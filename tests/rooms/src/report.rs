//! The graph of a crate, printed for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::graph::Graph;
use crate::modules::Crate;
use crate::rules;

/// The rooms of a crate and of each module in it. Each line has the rooms that this one imports
/// from, with the number of arrows between their files.
///
/// A room comes after all rooms that it imports from. Rooms that import each other in a circle come
/// last, marked with `!`.
pub fn rooms(krate: &Crate) -> String {
    let graph = Graph::of(krate);
    let mut text = String::new();
    let root = krate.files[0].path.display();
    let _ = writeln!(text, "== {} ({root}), {} files", krate.package, krate.files.len());
    let parts: BTreeSet<String> = krate
        .files
        .iter()
        .filter_map(|file| {
            let (_, around) = file.module.split_last()?;
            Some([std::slice::from_ref(&krate.package), around].concat().join("/"))
        })
        .collect();
    for part in parts {
        let within = Within::of(krate, &graph, &part);
        if within.files.len() > 1 {
            let _ = writeln!(text, "{part}");
            within.print(&mut text);
        }
    }
    text
}

/// The rooms within a module.
struct Within<'a> {
    files: BTreeMap<&'a str, usize>,
    arrows: BTreeMap<&'a str, BTreeMap<&'a str, usize>>,
}

impl<'a> Within<'a> {
    fn of(krate: &'a Crate, graph: &Graph, part: &str) -> Self {
        let room = |file| rules::room(krate, file, part);
        let mut within = Self { files: BTreeMap::new(), arrows: BTreeMap::new() };
        for room in (0..krate.files.len()).filter_map(room) {
            *within.files.entry(room).or_default() += 1;
        }
        for arrow in &graph.defining {
            if let (Some(from), Some(to)) = (room(arrow.from), room(arrow.to))
                && from != to
            {
                *within.arrows.entry(from).or_default().entry(to).or_default() += 1;
            }
        }
        within
    }

    fn print(&self, text: &mut String) {
        let mut left: BTreeSet<&str> = self.files.keys().copied().collect();
        while !left.is_empty() {
            let ready = |room: &&str| !self.imports(room).any(|(to, _)| left.contains(to));
            let next: Vec<_> = left.iter().copied().filter(ready).collect();
            let (mark, next) =
                if next.is_empty() { ("!", left.iter().copied().collect()) } else { (" ", next) };
            for room in next {
                left.remove(room);
                let to: Vec<_> =
                    self.imports(room).map(|(to, count)| format!("{to} ({count})")).collect();
                let files = self.files[room];
                let _ = writeln!(text, " {mark} {room}, {files} files -> {}", to.join(", "));
            }
        }
    }

    fn imports(&self, room: &str) -> impl Iterator<Item = (&'a str, usize)> {
        self.arrows.get(room).into_iter().flatten().map(|(to, count)| (*to, *count))
    }
}
