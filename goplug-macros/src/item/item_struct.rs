//! `#[goplug::plugin]` on a struct: a plugin whose methods are functions.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Fields, ItemStruct, Path};

use crate::attr;
use crate::diag::Diag;
use crate::emit::plugin;
use crate::model::{Attrs, InitialValue, Plugin};

/// The struct, and what makes it a plugin.
pub(super) fn expand(args: TokenStream, item: &ItemStruct) -> TokenStream {
    let diag = Diag::default();
    let options = attr::on_struct(args, &diag);
    if !item.generics.params.is_empty() {
        let text = "a plugin cannot be generic: each process runs one plugin, of one type";
        diag.at(&item.generics.params, text);
        let errors = diag.finish();
        return quote!(#item #errors);
    }
    let value = match item.fields {
        Fields::Unit => InitialValue::Unit,
        Fields::Named(_) | Fields::Unnamed(_) => InitialValue::Default,
    };
    let attrs = Attrs::new(&item.attrs);
    let path = Path::from(item.ident.clone());
    let plugin = Plugin::new(path, item.vis.clone(), attrs, &options, value, &diag);
    let declared = plugin.map(|plugin| plugin::declare(&plugin, None, &options.private()));
    let errors = diag.finish();
    quote!(#item #declared #errors)
}
