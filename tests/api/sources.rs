//! Crates as modules of items, and what a name in one of them stands for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use quote::ToTokens;
use syn::{Attribute, Item, UseTree};

/// A path from a crate's name down, such as `goplug_runtime`, `host`, `Plugin`.
pub(crate) type Full = Vec<String>;

/// One module: its items, and what it imports under which name.
#[derive(Default)]
pub(crate) struct Module {
    pub(crate) items: Vec<Item>,
    imports: BTreeMap<String, Vec<String>>,
    /// The modules of which it imports everything.
    globs: Vec<Vec<String>>,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Module(Full),
    Item(Full),
    /// Something of another crate, the standard library or the scope of generics.
    Foreign(Vec<String>),
}

/// Every module of every crate that was read.
#[derive(Default)]
pub(crate) struct Sources(BTreeMap<Full, Module>);

impl Sources {
    /// Reads a crate from its root file on.
    pub(crate) fn read_crate(&mut self, name: &str, root: &Path) {
        self.read_module(vec![name.into()], read(root), root.parent().unwrap());
    }

    /// Adds a module and all modules within it; `folder` has the files of its children.
    fn read_module(&mut self, path: Full, items: Vec<Item>, folder: &Path) {
        let mut module = Module::default();
        for item in items {
            match item {
                Item::Mod(child) if is_test(&child.attrs) => {}
                Item::Mod(mut child) => {
                    let name = child.ident.to_string();
                    let inside = child.content.take().map(|(_, items)| items);
                    let beside = folder.join(format!("{name}.rs"));
                    let file =
                        if beside.exists() { beside } else { folder.join(&name).join("mod.rs") };
                    let items = inside.unwrap_or_else(|| read(&file));
                    self.read_module(joined(&path, &name), items, &folder.join(&name));
                    module.items.push(Item::Mod(child));
                }
                Item::Use(import) => {
                    each_import(&import.tree, &mut Vec::new(), &mut |name, path| match name {
                        Some(name) => drop(module.imports.insert(name, path)),
                        None => module.globs.push(path),
                    });
                    module.items.push(Item::Use(import));
                }
                item => module.items.push(item),
            }
        }
        self.0.insert(path, module);
    }

    pub(crate) fn modules(&self) -> impl Iterator<Item = (&Full, &Module)> {
        self.0.iter()
    }

    pub(crate) fn module(&self, path: &[String]) -> &Module {
        &self.0[path]
    }

    /// The item of this name in a module.
    pub(crate) fn item(&self, path: &[String]) -> Option<&Item> {
        let (name, module) = path.split_last()?;
        self.0.get(module)?.items.iter().find(|item| item_name(item).as_ref() == Some(name))
    }

    /// What a path, written in this module, leads to.
    pub(crate) fn resolve(&self, module: &[String], path: &[String]) -> Target {
        let (first, rest) = path.split_first().expect("a path has a segment");
        let start = match first.as_str() {
            "crate" => Target::Module(module[..1].to_vec()),
            "self" => Target::Module(module.to_vec()),
            "super" => Target::Module(module[..module.len() - 1].to_vec()),
            _ => match self.look_up(module, first) {
                Some(target) => target,
                None if self.0.contains_key(&path[..1]) => Target::Module(vec![first.clone()]),
                None => return Target::Foreign(path.to_vec()),
            },
        };
        self.descend(start, rest)
    }

    fn descend(&self, start: Target, rest: &[String]) -> Target {
        match (start, rest.split_first()) {
            (Target::Module(module), Some((name, rest))) if name == "super" => {
                self.descend(Target::Module(module[..module.len() - 1].to_vec()), rest)
            }
            (Target::Module(module), Some((name, rest))) => match self.look_up(&module, name) {
                Some(target) => self.descend(target, rest),
                // A macro of the module defines it.
                None => Target::Item(joined(&module, name)),
            },
            (Target::Foreign(path), _) => Target::Foreign([&path[..], rest].concat()),
            // The rest are variants and associated items.
            (target, _) => target,
        }
    }

    /// What a single name stands for in a module, unless it is one of the prelude's.
    fn look_up(&self, module: &[String], name: &str) -> Option<Target> {
        let full = joined(module, name);
        if self.0.contains_key(&full) {
            return Some(Target::Module(full));
        }
        if self.item(&full).is_some() {
            return Some(Target::Item(full));
        }
        let Module { imports, globs, .. } = self.0.get(module)?;
        let Some(import) = imports.get(name) else {
            return globs.iter().find_map(|glob| match self.resolve(module, glob) {
                Target::Module(of) if of[..] != *module => self.look_up(&of, name),
                _ => None,
            });
        };
        // `use bytes;` stands for the crate, not for itself.
        if import[..] == [name] && !self.0.contains_key(&import[..]) {
            return Some(Target::Foreign(import.clone()));
        }
        Some(self.resolve(module, import))
    }
}

fn read(file: &Path) -> Vec<Item> {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display())).items
}

pub(crate) fn joined(path: &[String], name: &str) -> Full {
    [path, &[name.to_owned()]].concat()
}

/// Calls `found` with each name that an import brings, and the path that it stands for, and
/// without a name if it imports everything from a module.
pub(crate) fn each_import(
    tree: &UseTree,
    path: &mut Vec<String>,
    found: &mut impl FnMut(Option<String>, Vec<String>),
) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            each_import(&step.tree, path, found);
            path.pop();
        }
        UseTree::Name(last) if last.ident == "self" => {
            found(Some(path[path.len() - 1].clone()), path.clone());
        }
        UseTree::Name(last) => {
            let name = last.ident.to_string();
            found(Some(name.clone()), joined(path, &name));
        }
        UseTree::Rename(last) => {
            found(Some(last.rename.to_string()), joined(path, &last.ident.to_string()))
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| each_import(tree, path, found)),
        UseTree::Glob(_) => found(None, path.clone()),
    }
}

pub(crate) fn item_name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Whether something is compiled for tests only.
pub(crate) fn is_test(attrs: &[Attribute]) -> bool {
    let is_condition = |attr: &&Attribute| attr.path().is_ident("cfg");
    attrs.iter().filter(is_condition).any(|attr| {
        let text = attr.meta.to_token_stream().to_string();
        text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "test")
    })
}

/// Whether something is hidden from the documentation: only generated code uses it.
pub(crate) fn is_hidden(attrs: &[Attribute]) -> bool {
    let is_hidden = |attr: &Attribute| attr.meta.to_token_stream().to_string() == "doc (hidden)";
    attrs.iter().any(is_hidden)
}
