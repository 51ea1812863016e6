//! What a crate exports: its re-exports followed to the items, and these as signatures.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Generics, ImplItemConst, Item, ItemConst, ItemImpl, Meta, TraitItemConst, Type,
    Visibility,
};

use crate::signature;
use crate::sources::{Full, Sources, Target, each_import, is_hidden, is_test, item_name, joined};

/// A name that users can write.
struct Export {
    /// Where the item is defined.
    target: Full,
    /// The features that it depends on, as the re-export says.
    condition: Vec<Attribute>,
}

/// Everything that a crate exports.
pub(crate) struct Surface {
    sources: Sources,
    /// By public name, such as `goplug::blocking::Plugin`.
    exports: BTreeMap<String, Export>,
    /// Where the exported items are defined.
    targets: BTreeSet<Full>,
}

impl Surface {
    pub(crate) fn of(sources: Sources, name: &str) -> Self {
        let mut surface = Self { sources, exports: BTreeMap::new(), targets: BTreeSet::new() };
        surface.add_macros(name);
        surface.add_module(name, &[name.to_owned()], &[]);
        surface
    }

    /// Adds the macros that `#[macro_export]` puts at the root of the crate, unless they are hidden.
    fn add_macros(&mut self, name: &str) {
        let mut found = Vec::new();
        for (path, module) in self.sources.modules().filter(|(path, _)| path[0] == name) {
            for item in &module.items {
                if let Item::Macro(item) = item
                    && item.attrs.iter().any(|attr| attr.path().is_ident("macro_export"))
                    && !is_hidden(&item.attrs)
                {
                    found.push(joined(path, &item.ident.as_ref().unwrap().to_string()));
                }
            }
        }
        for target in found {
            self.add(format!("{name}::{}", target[target.len() - 1]), target, &[]);
        }
    }

    /// Adds what a public module offers under `public`.
    fn add_module(&mut self, public: &str, module: &[String], condition: &[Attribute]) {
        let mut found = Vec::new();
        for item in &self.sources.module(module).items {
            let Some((attrs, visibility)) = outside(item) else { continue };
            if !matches!(visibility, Visibility::Public(_)) || is_hidden(attrs) {
                continue;
            }
            let condition = [condition, &conditions(attrs)].concat();
            match item {
                Item::Use(import) => {
                    each_import(&import.tree, &mut Vec::new(), &mut |name, path| {
                        let name = name.expect("goplug exports each item by its name");
                        found.push((name, self.sources.resolve(module, &path), condition.clone()));
                    })
                }
                item => {
                    let name = item_name(item).expect("a public item has a name");
                    let target = self.sources.resolve(module, std::slice::from_ref(&name));
                    found.push((name, target, condition));
                }
            }
        }
        for (name, target, condition) in found {
            let public = format!("{public}::{name}");
            match target {
                Target::Module(module) => self.add_module(&public, &module, &condition),
                Target::Item(target) | Target::Foreign(target) => {
                    self.add(public, target, &condition);
                }
            }
        }
    }

    fn add(&mut self, public: String, target: Full, condition: &[Attribute]) {
        self.targets.insert(target.clone());
        self.exports.insert(public, Export { target, condition: condition.to_vec() });
    }

    /// The whole surface, one paragraph for each name.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (public, export) in &self.exports {
            text += &format!("==== {public}\n");
            for condition in &export.condition {
                let Meta::List(condition) = &condition.meta else { continue };
                text += &format!("// with {}\n", condition.tokens);
            }
            match self.sources.item(&export.target) {
                Some(_) => {
                    for (module, mut item) in self.signatures(&export.target) {
                        Publish { surface: self, module }.visit_item_mut(&mut item);
                        text += &signature::text(item);
                    }
                }
                None => text += &format!("pub use {};\n", export.target.join("::")),
            }
            text.push('\n');
        }
        text
    }

    /// An item's own signature and those of its implementations, each with its module.
    fn signatures(&self, target: &Full) -> Vec<(Full, Item)> {
        let module = &target[..target.len() - 1];
        let own = self.sources.item(target).and_then(signature::of_item);
        let own = own.map(|item| (module.to_vec(), item));
        own.into_iter().chain(self.implementations(target)).collect()
    }

    /// What is implemented for an item, and of a trait also what it is implemented for that
    /// has no paragraph of its own.
    fn implementations(&self, target: &Full) -> Vec<(Full, Item)> {
        let mut found = Vec::new();
        for (path, module) in self.sources.modules() {
            for item in &module.items {
                let Item::Impl(item) = item else { continue };
                if is_test(&item.attrs) || !self.is_seen(path, item) {
                    continue;
                }
                let for_type = self.item_of(path, &item.self_ty);
                let of_trait = item.trait_.as_ref().map(|(path_of, _)| self.named(path, path_of));
                let belongs = match &of_trait {
                    None => for_type.as_ref() == Some(target),
                    Some(Target::Item(of)) if of == target => {
                        for_type.is_none_or(|it| !self.targets.contains(&it))
                    }
                    Some(_) => for_type.as_ref() == Some(target),
                };
                if belongs && let Some(item) = signature::of_impl(item) {
                    found.push((path.clone(), Item::Impl(item)));
                }
            }
        }
        let key = |(_, item): &(Full, Item)| match item {
            Item::Impl(ItemImpl { trait_: Some((path, _)), self_ty, .. }) => {
                format!("{} for {}", path.to_token_stream(), self_ty.to_token_stream())
            }
            _ => String::new(),
        };
        found.sort_by_key(key);
        found
    }

    /// Whether users see an implementation: not if its type or its trait is not exported.
    fn is_seen(&self, module: &[String], item: &ItemImpl) -> bool {
        let mut paths = Paths::default();
        paths.visit_generics(&item.generics);
        paths.found.clear();
        paths.visit_type(&item.self_ty);
        if let Some((of_trait, _)) = &item.trait_ {
            paths.visit_path(of_trait);
        }
        let mut free = paths.found.iter().filter(|path| !paths.is_generic(path));
        free.all(|path| match self.named(module, path) {
            Target::Item(item) => self.targets.contains(&item),
            Target::Module(_) | Target::Foreign(_) => true,
        })
    }

    fn named(&self, module: &[String], path: &syn::Path) -> Target {
        let segments: Vec<_> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        match path.leading_colon {
            Some(_) => Target::Foreign(segments),
            None => self.sources.resolve(module, &segments),
        }
    }

    fn item_of(&self, module: &[String], ty: &Type) -> Option<Full> {
        let Type::Path(ty) = ty else { return None };
        match self.named(module, &ty.path) {
            Target::Item(item) => Some(item),
            Target::Module(_) | Target::Foreign(_) => None,
        }
    }

    /// What public signatures name, each with the public name at whose signature it stands.
    fn named_by_signatures(&self) -> BTreeSet<(&str, Target)> {
        let mut found = BTreeSet::new();
        for (public, export) in &self.exports {
            for (module, item) in self.signatures(&export.target) {
                let mut paths = Paths::default();
                paths.visit_item(&item);
                let free = paths.found.iter().filter(|path| !paths.is_generic(path));
                found.extend(free.map(|path| (public.as_str(), self.named(&module, path))));
            }
        }
        found
    }

    /// What a public signature names and users cannot name, with the place of the signature.
    pub(crate) fn unnameable(&self) -> BTreeSet<(&str, String)> {
        let named = self.named_by_signatures().into_iter();
        named
            .filter_map(|(public, target)| match target {
                Target::Item(item) if !self.targets.contains(&item) => {
                    Some((public, item.join("::")))
                }
                _ => None,
            })
            .collect()
    }

    /// The crates among `known` whose items public signatures name.
    pub(crate) fn foreign_crates(&self, known: &[String]) -> BTreeSet<String> {
        let named = self.named_by_signatures().into_iter();
        let first = named.filter_map(|(_, target)| match target {
            Target::Foreign(path) => path.into_iter().next(),
            Target::Item(_) | Target::Module(_) => None,
        });
        first.filter(|name| known.contains(name)).collect()
    }
}

/// Writes the paths of what is exported as users write them, so that they stay the same
/// if modules are renamed.
struct Publish<'a> {
    surface: &'a Surface,
    /// Where the item is written.
    module: Full,
}

impl VisitMut for Publish<'_> {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        visit_mut::visit_path_mut(self, path);
        let last = path.segments[path.segments.len() - 1].clone();
        let Target::Item(target) = self.surface.named(&self.module, path) else { return };
        let mut exports = self.surface.exports.iter();
        let Some((public, _)) = exports.find(|(_, export)| export.target == target) else { return };
        if last.ident == target[target.len() - 1] {
            let (_, public) = public.split_once("::").expect("a public name begins with its crate");
            let mut segments = syn::parse_str::<syn::Path>(public).expect("it is a path").segments;
            segments.last_mut().expect("a path has a segment").arguments = last.arguments;
            path.segments = segments;
        }
    }

    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}

    fn visit_visibility_mut(&mut self, _: &mut Visibility) {}
}

/// The paths of an item, and the names of its generics.
#[derive(Default)]
struct Paths {
    found: Vec<syn::Path>,
    generics: BTreeSet<String>,
}

impl Paths {
    fn is_generic(&self, path: &syn::Path) -> bool {
        let first = path.segments[0].ident.to_string();
        first == "Self" || self.generics.contains(&first)
    }
}

impl<'a> Visit<'a> for Paths {
    fn visit_path(&mut self, path: &'a syn::Path) {
        self.found.push(path.clone());
        syn::visit::visit_path(self, path);
    }

    fn visit_generics(&mut self, generics: &'a Generics) {
        self.generics.extend(generics.type_params().map(|it| it.ident.to_string()));
        self.generics.extend(generics.const_params().map(|it| it.ident.to_string()));
        syn::visit::visit_generics(self, generics);
    }

    fn visit_attribute(&mut self, _: &'a Attribute) {}

    fn visit_visibility(&mut self, _: &'a Visibility) {}

    // The value of a constant may use what users cannot name.
    fn visit_item_const(&mut self, item: &'a ItemConst) {
        self.visit_type(&item.ty);
    }

    fn visit_impl_item_const(&mut self, item: &'a ImplItemConst) {
        self.visit_type(&item.ty);
    }

    fn visit_trait_item_const(&mut self, item: &'a TraitItemConst) {
        self.visit_type(&item.ty);
    }

    fn visit_macro(&mut self, _: &'a syn::Macro) {}
}

/// The attributes and the visibility of an item that can be public.
fn outside(item: &Item) -> Option<(&[Attribute], &Visibility)> {
    Some(match item {
        Item::Const(it) => (&it.attrs, &it.vis),
        Item::Enum(it) => (&it.attrs, &it.vis),
        Item::Fn(it) => (&it.attrs, &it.vis),
        Item::Mod(it) => (&it.attrs, &it.vis),
        Item::Static(it) => (&it.attrs, &it.vis),
        Item::Struct(it) => (&it.attrs, &it.vis),
        Item::Trait(it) => (&it.attrs, &it.vis),
        Item::Type(it) => (&it.attrs, &it.vis),
        Item::Use(it) => (&it.attrs, &it.vis),
        _ => return None,
    })
}

fn conditions(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}
