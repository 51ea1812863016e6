//! The plugin itself: its type and what its attribute says about it.

use proc_macro2::Ident;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Path, Type, Visibility};

use super::attrs::Attrs;
use super::{names, permissions, types};
use crate::attr::{Options, Permissions};
use crate::diag::Diag;

/// The value of a plugin's type with which the plugin starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum InitialValue {
    /// The only value of a unit struct.
    Unit,
    /// `Default::default()`.
    Default,
}

/// What `#[goplug::plugin]` declares.
pub(crate) struct Plugin {
    /// The path of the plugin's type, from the place of the attribute.
    pub(crate) path: Path,
    /// The last segment of that path.
    pub(crate) ident: Ident,
    /// The visibility of the client.
    pub(crate) vis: Visibility,
    pub(crate) attrs: Attrs,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) version: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) lazy_load: bool,
    pub(crate) value: InitialValue,
    /// The services of the host that it needs: the paths of contracts and plugins.
    pub(crate) needs: Vec<Path>,
    /// Those that it can do without.
    pub(crate) wants: Vec<Path>,
    /// What it asks of its host beside them.
    pub(crate) permissions: Option<Permissions>,
}

impl Plugin {
    pub(crate) fn new(
        path: Path,
        vis: Visibility,
        attrs: Attrs,
        options: &Options,
        value: InitialValue,
        diag: &Diag,
    ) -> Option<Self> {
        let ident = path.segments.last()?.ident.clone();
        let given = options.name.as_ref();
        let name = given.map_or_else(|| ident.unraw().to_string(), syn::LitStr::value);
        let at = given.map_or_else(|| ident.span(), syn::LitStr::span);
        names::check_plugin(&name, at, diag);
        options.namespace.iter().for_each(|text| names::check_namespace(text, diag));
        options.version.iter().for_each(|text| names::check_version(text, diag));
        options.url.iter().for_each(|text| names::check_url(text, diag));
        check_services(options, diag);
        options.permissions.iter().for_each(|(_, asked)| permissions::check(asked, diag));
        let text = |literal: &Option<syn::LitStr>| literal.as_ref().map(syn::LitStr::value);
        Some(Self {
            name,
            namespace: text(&options.namespace).unwrap_or_default(),
            version: text(&options.version),
            url: text(&options.url),
            lazy_load: options.lazy_load.is_some(),
            needs: options.needs.clone(),
            wants: options.wants.clone(),
            permissions: options.permissions.as_ref().map(|(_, asked)| asked.clone()),
            path,
            ident,
            vis,
            attrs,
            value,
        })
    }
}

/// Checks that each service is named once, and not by its client.
fn check_services(options: &Options, diag: &Diag) {
    let mut seen = Vec::new();
    for path in options.needs.iter().chain(&options.wants) {
        let name = types::path_name(path);
        if let Some(contract) = name.strip_suffix("Client").filter(|rest| !rest.is_empty()) {
            let text = format!(
                "name what the host provides, not its client: the contract or the plugin, as in \
                 `needs({contract})`"
            );
            diag.at(path, text);
        } else if seen.contains(&name) {
            diag.at(path, format!("`{name}` is named twice; once is enough"));
        }
        seen.push(name);
    }
}

/// The path of the type that an impl is for, if it is one without generics.
pub(crate) fn type_path(ty: &Type, diag: &Diag) -> Option<Path> {
    let Type::Path(path) = types::plain(ty) else {
        diag.at(ty, "a plugin is a struct: write its name here");
        return None;
    };
    if path.qself.is_some() || path.path.segments.iter().any(|s| !s.arguments.is_none()) {
        let text = "a plugin cannot be generic: each process runs one plugin, of one type; wrap \
                    the type in a struct of its own";
        diag.at(quote!(#ty), text);
        return None;
    }
    Some(path.path.clone())
}
