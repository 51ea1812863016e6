//! A crate as a tree of modules, each with its file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::ext::IdentExt as _;
use syn::visit::Visit as _;
use syn::{Attribute, Expr, ExprLit, ForeignItem, Ident, Item, ItemMod, ItemUse, Lit, Meta};

use crate::error::Error;
use crate::mentions::{self, Mentions};
use crate::uses::{self, Scope};
use crate::written::Written;

/// Reads a file, by its path within the checkout. `None`: there is no such file.
pub type Read<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// One crate: a library, a program, or a target of tests.
#[derive(Debug)]
pub struct Crate {
    /// The name of its package.
    pub package: String,
    /// Its files, the root first.
    pub files: Vec<File>,
    /// Its modules, the root first.
    pub modules: Vec<Module>,
}

/// One file of a crate.
#[derive(Debug)]
pub struct File {
    /// Its path within the checkout.
    pub path: PathBuf,
    /// The path of its module from the crate's root. The root's own path is empty.
    pub module: Vec<String>,
}

/// One module of a crate, in a file of its own or within another module's file.
#[derive(Debug, Default)]
pub struct Module {
    /// The index of its file.
    pub file: usize,
    /// The module around it.
    pub parent: Option<usize>,
    /// The modules within it.
    pub children: BTreeMap<String, usize>,
    /// Its other names, and what each is. A type and a function may share a name.
    pub names: BTreeMap<String, Vec<Name>>,
    /// The modules from which it imports every name.
    pub globs: Vec<Written>,
    /// What its items mention.
    pub mentions: Mentions,
}

/// What a name of a module is.
#[derive(Debug)]
pub enum Name {
    /// Defined there.
    Defined,
    /// Imported or re-exported by a `use` item.
    Imported(Written),
}

impl Crate {
    /// Reads the crate whose root is `root`.
    ///
    /// # Errors
    /// A file cannot be read or does not parse.
    pub fn read(package: &str, root: &Path, read: Read<'_>) -> Result<Self, Error> {
        let krate = Self { package: package.to_owned(), files: Vec::new(), modules: Vec::new() };
        let mut reader = Reader { read, krate };
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        reader.file(root, Vec::new(), None, folder)?;
        Ok(reader.krate)
    }

    /// Whether it is the library or the program of its package, rather than a test or an example.
    pub fn is_of_src(&self) -> bool {
        let root = &self.files[0].path;
        root.ends_with("src/lib.rs") || root.ends_with("src/main.rs")
    }

    /// Whether one of two files holds a module around that of the other.
    pub fn are_related(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.files[one].module, &self.files[other].module);
        one.starts_with(other) || other.starts_with(one)
    }
}

struct Reader<'a> {
    read: Read<'a>,
    krate: Crate,
}

/// The module whose items are being read.
struct Place {
    module: usize,
    path: Vec<String>,
    /// The folder of its modules' files.
    folder: PathBuf,
    /// Whether it stands within another module's file.
    inline: bool,
}

impl Reader<'_> {
    fn file(
        &mut self,
        path: &Path,
        module: Vec<String>,
        parent: Option<usize>,
        folder: PathBuf,
    ) -> Result<usize, Error> {
        let text = (self.read)(path).ok_or_else(|| Error::new(path, "there is no such file"))?;
        let parsed = syn::parse_file(&text).map_err(|error| {
            Error::new(path, format!("line {}: {error}", error.span().start().line))
        })?;
        let file = self.krate.files.len();
        self.krate.files.push(File { path: path.to_owned(), module: module.clone() });
        let place =
            Place { module: self.module(file, parent), path: module, folder, inline: false };
        let mentions = &mut self.krate.modules[place.module].mentions;
        for attribute in &parsed.attrs {
            mentions.visit_attribute(attribute);
        }
        for item in &parsed.items {
            self.item(item, &place)?;
        }
        Ok(place.module)
    }

    fn module(&mut self, file: usize, parent: Option<usize>) -> usize {
        self.krate.modules.push(Module { file, parent, ..Module::default() });
        self.krate.modules.len() - 1
    }

    fn item(&mut self, item: &Item, place: &Place) -> Result<(), Error> {
        if mentions::is_exempt(mentions::attributes(item)) {
            return Ok(());
        }
        let module = &mut self.krate.modules[place.module];
        if let Item::Mod(item) = item {
            for attribute in &item.attrs {
                module.mentions.visit_attribute(attribute);
            }
            return self.child(item, place);
        }
        if let Item::Use(item) = item {
            module.import(item);
        }
        for name in defined(item) {
            module.names.entry(name.unraw().to_string()).or_default().push(Name::Defined);
        }
        module.mentions.add(item);
        Ok(())
    }

    fn child(&mut self, item: &ItemMod, place: &Place) -> Result<(), Error> {
        let name = item.ident.unraw().to_string();
        let path = [place.path.as_slice(), std::slice::from_ref(&name)].concat();
        let child = match &item.content {
            Some((_, items)) => {
                let file = self.krate.modules[place.module].file;
                let module = self.module(file, Some(place.module));
                let folder = place.folder.join(&name);
                let inner = Place { module, path, folder, inline: true };
                for item in items {
                    self.item(item, &inner)?;
                }
                module
            }
            None => {
                let (file, folder) = self.find(item, &name, place)?;
                self.file(&file, path, Some(place.module), folder)?
            }
        };
        self.krate.modules[place.module].children.insert(name, child);
        Ok(())
    }

    /// The file of a module, and the folder of the modules within it.
    fn find(&self, item: &ItemMod, name: &str, place: &Place) -> Result<(PathBuf, PathBuf), Error> {
        let here = &self.krate.files[self.krate.modules[place.module].file].path;
        if let Some(path) = path_attribute(&item.attrs) {
            let beside = here.parent().unwrap_or(Path::new(""));
            let file = tidy(&if place.inline { &place.folder } else { beside }.join(path));
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            return Ok((file, folder));
        }
        let folder = place.folder.join(name);
        let beside = folder.with_extension("rs");
        let within = folder.join("mod.rs");
        match [beside, within].into_iter().find(|file| (self.read)(file).is_some()) {
            Some(file) => Ok((file, folder)),
            None => Err(Error::new(here, format!("the file of `mod {name}` is not found"))),
        }
    }
}

impl Module {
    fn import(&mut self, item: &ItemUse) {
        for import in uses::imports(item) {
            match import.scope {
                Scope::Name(name) => {
                    self.names.entry(name).or_default().push(Name::Imported(import.path));
                }
                Scope::Glob => self.globs.push(import.path),
                Scope::Unnamed => {}
            }
        }
    }
}

/// The names that an item defines in its module.
fn defined(item: &Item) -> Vec<&Ident> {
    match item {
        Item::Const(item) => vec![&item.ident],
        Item::Enum(item) => vec![&item.ident],
        Item::Fn(item) => vec![&item.sig.ident],
        Item::Macro(item) => item.ident.iter().collect(),
        Item::Static(item) => vec![&item.ident],
        Item::Struct(item) => vec![&item.ident],
        Item::Trait(item) => vec![&item.ident],
        Item::TraitAlias(item) => vec![&item.ident],
        Item::Type(item) => vec![&item.ident],
        Item::Union(item) => vec![&item.ident],
        Item::ForeignMod(item) => item
            .items
            .iter()
            .filter_map(|item| match item {
                ForeignItem::Fn(item) => Some(&item.sig.ident),
                ForeignItem::Static(item) => Some(&item.ident),
                ForeignItem::Type(item) => Some(&item.ident),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The value of `#[path = "…"]`.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("path") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => Some(path.value()),
            _ => None,
        },
        _ => None,
    })
}

/// `path` without `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}
