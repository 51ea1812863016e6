//! From a path to the module that defines what it names, through every re-export.

use std::collections::BTreeSet;

use crate::modules::{Crate, Name};
use crate::written::Written;

/// What a path of a crate leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A module.
    Module(usize),
    /// An item, or something within it: the module that defines it.
    Item(usize),
}

impl Target {
    /// The module itself, or that of the item.
    pub fn module(self) -> usize {
        match self {
            Self::Module(module) | Self::Item(module) => module,
        }
    }
}

/// The names that are being looked up already. Re-exports can form a circle; this ends it.
type Seen = BTreeSet<(usize, String)>;

impl Crate {
    /// What `path`, written in `module`, leads to. There are several targets if a type and a
    /// function share a name or if `cfg` chooses between items, and no target if the path leads out
    /// of the crate.
    pub fn targets(&self, module: usize, path: &Written) -> Vec<Target> {
        self.resolve(module, path, &mut Seen::new())
    }

    /// The module that `path` itself names, whatever that module re-exports: for
    /// `crate::host::Plugin` it is `crate::host`.
    pub fn literal_module(&self, module: usize, path: &Written) -> Option<usize> {
        if path.absolute {
            return None;
        }
        let (start, mut rest) = self.start(module, path)?;
        let mut module = start.or_else(|| {
            let (first, after) = rest.split_first()?;
            rest = after;
            self.modules[module].children.get(first).copied()
        })?;
        for name in rest {
            match self.modules[module].children.get(name) {
                Some(child) => module = *child,
                None => break,
            }
        }
        Some(module)
    }

    fn resolve(&self, module: usize, path: &Written, seen: &mut Seen) -> Vec<Target> {
        if path.absolute {
            return Vec::new();
        }
        let Some((start, mut rest)) = self.start(module, path) else { return Vec::new() };
        let mut targets = match (start, rest.split_first()) {
            (Some(start), _) => vec![Target::Module(start)],
            (None, Some((first, after))) => {
                rest = after;
                self.look_up(module, first, seen)
            }
            (None, None) => return Vec::new(),
        };
        for name in rest {
            targets = targets
                .into_iter()
                .flat_map(|target| match target {
                    Target::Module(module) => match self.look_up(module, name, seen) {
                        // A macro defines it.
                        none if none.is_empty() => vec![Target::Item(module)],
                        found => found,
                    },
                    Target::Item(_) => vec![target],
                })
                .collect();
        }
        targets
    }

    /// The module that a path's leading `crate`, `self` and `super` stand for, and the names after
    /// them. Without one of these words, there is no such module.
    fn start<'a>(&self, module: usize, path: &'a Written) -> Option<(Option<usize>, &'a [String])> {
        let mut rest = path.segments.as_slice();
        let mut start = None;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "crate" => start = Some(0),
                "self" => start = start.or(Some(module)),
                "super" => start = Some(self.modules[start.unwrap_or(module)].parent?),
                _ => break,
            }
            rest = after;
        }
        Some((start, rest))
    }

    fn look_up(&self, module: usize, name: &str, seen: &mut Seen) -> Vec<Target> {
        if !seen.insert((module, name.to_owned())) {
            return Vec::new();
        }
        let scope = &self.modules[module];
        let mut targets: Vec<_> =
            scope.children.get(name).map(|child| Target::Module(*child)).into_iter().collect();
        for named in scope.names.get(name).into_iter().flatten() {
            match named {
                Name::Defined => targets.push(Target::Item(module)),
                Name::Imported(path) => targets.extend(self.resolve(module, path, seen)),
            }
        }
        if targets.is_empty() {
            for glob in &scope.globs {
                for target in self.resolve(module, glob, seen) {
                    if let Target::Module(other) = target {
                        targets.extend(self.look_up(other, name, seen));
                    }
                }
            }
        }
        targets
    }
}
