//! Platform code and unsafe code outside of their room.

use std::collections::{BTreeMap, BTreeSet};

use crate::map::{PLATFORM_PACKAGES, PLATFORM_PATHS, PLATFORM_ROOMS};
use crate::mentions::Mentions;
use crate::modules::Crate;
use crate::rules::{self, Violation};
use crate::uses::Scope;
use crate::written::Written;

/// Platform code and unsafe code outside of [`PLATFORM_ROOMS`].
pub fn violations(krate: &Crate) -> Vec<Violation> {
    if !PLATFORM_PACKAGES.contains(&krate.package.as_str()) || !krate.is_of_src() {
        return Vec::new();
    }
    let mut violations = BTreeSet::new();
    for (index, file) in krate.files.iter().enumerate() {
        if PLATFORM_ROOMS.iter().any(|room| rules::is_within(krate, index, room)) {
            continue;
        }
        let modules = krate.modules.iter().filter(|module| module.file == index);
        let mentions: Vec<_> = modules.map(|module| &module.mentions).collect();
        for (does, kind, line) in of_file(&mentions) {
            let rooms = PLATFORM_ROOMS.join(" and ");
            let text = format!("{does}, but only {rooms} have {kind} code");
            violations.insert(Violation { file: file.path.clone(), line, text });
        }
    }
    violations.into_iter().collect()
}

/// What the modules of one file do, the kind of code that this is, and the line.
fn of_file(modules: &[&Mentions]) -> Vec<(String, &'static str, usize)> {
    let uses = Uses::of(modules);
    let mut found = Vec::new();
    for mentions in modules {
        let paths = mentions.paths.iter().filter_map(|path| uses.platform_path(path));
        found.extend(paths.map(|(does, line)| (does, "platform", line)));
        let globs = mentions.imports.iter().filter(|import| matches!(import.scope, Scope::Glob));
        let globs = globs.filter_map(|import| uses.platform_glob(&import.path));
        found.extend(globs.map(|(does, line)| (does, "platform", line)));
        let conditions = mentions.conditions.iter();
        found.extend(
            conditions.map(|(word, line)| (format!("asks for `{word}`"), "platform", *line)),
        );
        let unsafety = mentions.unsafety.iter();
        found.extend(unsafety.map(|line| ("names `unsafe`".to_owned(), "unsafe", *line)));
    }
    found
}

/// The names that a file imports, each with what it stands for.
struct Uses<'a>(BTreeMap<&'a str, Vec<&'a Written>>);

impl<'a> Uses<'a> {
    fn of(modules: &[&'a Mentions]) -> Self {
        let mut uses: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for import in modules.iter().flat_map(|mentions| &mentions.imports) {
            if let Scope::Name(name) = &import.scope {
                uses.entry(name.as_str()).or_default().push(&import.path);
            }
        }
        Self(uses)
    }

    fn platform_path(&self, path: &Written) -> Option<(String, usize)> {
        let is_platform =
            |full: &Written| PLATFORM_PATHS.iter().any(|start| full.starts_with(start));
        let full = self.full_paths(path).into_iter().find(is_platform)?;
        let meaning = meaning(path, &full);
        Some((format!("names `{path}`{meaning}"), path.line))
    }

    /// A glob import from a module that contains platform code among other things. The names that
    /// it brings into scope do not show where they come from.
    fn platform_glob(&self, path: &Written) -> Option<(String, usize)> {
        let contains_platform = |full: &Written| {
            let full = format!("{}::", full.segments.join("::"));
            PLATFORM_PATHS.iter().any(|start| start.starts_with(&full))
        };
        let full = self.full_paths(path).into_iter().find(contains_platform)?;
        let meaning = meaning(path, &full);
        Some((format!("imports every name of `{path}`{meaning}"), path.line))
    }

    /// The path, and the paths that result when its first name is replaced by what the file imports
    /// under that name, until nothing is left to replace.
    fn full_paths(&self, path: &Written) -> Vec<Written> {
        let mut paths = vec![path.clone()];
        let mut replaced = BTreeSet::new();
        let mut next = 0;
        while let Some(path) = paths.get(next).cloned() {
            next += 1;
            let is_start = |name: &&String| ["crate", "self", "super"].contains(&name.as_str());
            let start = path.segments.iter().take_while(is_start).count();
            let Some((first, rest)) = path.segments[start..].split_first() else { continue };
            if path.absolute || !replaced.insert(first.clone()) {
                continue;
            }
            for import in self.0.get(first.as_str()).into_iter().flatten() {
                let segments = [import.segments.as_slice(), rest].concat();
                paths.push(Written { absolute: import.absolute, segments, line: path.line });
            }
        }
        paths
    }
}

/// What a path stands for, unless it says so itself.
fn meaning(path: &Written, full: &Written) -> String {
    if path.segments == full.segments { String::new() } else { format!(", which is `{full}`") }
}
