//! The user's other attributes, as far as generated code has to repeat them.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The attributes that concern generated code.
#[derive(Default)]
pub(crate) struct Attrs {
    /// Documentation, for the client.
    pub(crate) docs: Vec<Attribute>,
    /// Conditions, for everything.
    pub(crate) cfgs: Vec<Attribute>,
    /// Whether calling the item is worth a warning, and the warning.
    pub(crate) deprecated: Option<Attribute>,
}

impl Attrs {
    pub(crate) fn new(attrs: &[Attribute]) -> Self {
        let mut sorted = Self::default();
        for attr in attrs {
            let path = attr.path();
            if path.is_ident("doc") {
                sorted.docs.push(attr.clone());
            } else if path.is_ident("cfg") {
                sorted.cfgs.push(attr.clone());
            } else if path.is_ident("deprecated") {
                sorted.deprecated = Some(attr.clone());
            }
        }
        sorted
    }

    /// The documentation as text: one space after `///` is not part of it.
    pub(crate) fn doc(&self) -> String {
        let lines = self.docs.iter().filter_map(|attr| match &attr.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
        let text: Vec<String> = lines
            .flat_map(|text| {
                let lines = text.split('\n').map(|line| line.strip_prefix(' ').unwrap_or(line));
                lines.map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        text.join("\n").trim().to_owned()
    }
}
