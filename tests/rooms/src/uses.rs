//! What a `use` item imports, one path at a time.

use syn::ext::IdentExt as _;
use syn::{Ident, ItemUse, UseTree};

use crate::written::Written;

/// One path of a `use` item.
#[derive(Debug)]
pub struct Import {
    /// What is imported; for a glob, the module.
    pub path: Written,
    /// How it is brought into scope.
    pub scope: Scope,
}

/// What an import brings into scope.
#[derive(Debug)]
pub enum Scope {
    /// One name.
    Name(String),
    /// Nothing that can be named: `as _`.
    Unnamed,
    /// Every name of a module or an enum.
    Glob,
}

/// The paths of a `use` item, in the order of the source.
pub fn imports(item: &ItemUse) -> Vec<Import> {
    let mut flat = Flat { absolute: item.leading_colon.is_some(), imports: Vec::new() };
    flat.add(&item.tree, &mut Vec::new());
    flat.imports
}

struct Flat {
    absolute: bool,
    imports: Vec<Import>,
}

impl Flat {
    fn add(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.unraw().to_string());
                self.add(&path.tree, before);
                before.pop();
            }
            UseTree::Name(name) => self.push(before, &name.ident, &name.ident),
            UseTree::Rename(rename) => self.push(before, &rename.ident, &rename.rename),
            UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                let segments = before.clone();
                let path = Written { absolute: self.absolute, segments, line };
                self.imports.push(Import { path, scope: Scope::Glob });
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(tree, before)),
        }
    }

    fn push(&mut self, before: &[String], ident: &Ident, renamed: &Ident) {
        let line = ident.span().start().line;
        let mut segments = before.to_vec();
        // `{self}` names the module before it.
        if ident != "self" || segments.is_empty() {
            segments.push(ident.unraw().to_string());
        }
        let name = match renamed.unraw().to_string() {
            name if name == "self" => segments.last().cloned().unwrap_or_default(),
            name => name,
        };
        let scope = if name == "_" { Scope::Unnamed } else { Scope::Name(name) };
        let path = Written { absolute: self.absolute, segments, line };
        self.imports.push(Import { path, scope });
    }
}
