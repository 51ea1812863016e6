//! The container of a method, callback or hook. Some rules depend on it.

use proc_macro2::Ident;
use syn::Path;

/// The item that an annotated function is part of.
pub(crate) enum Container {
    /// Nothing: a free function of the plugin with this path.
    Free(Path),
    /// The inherent impl of this type.
    Impl(Path),
    /// The trait of a contract.
    Contract,
}

impl Container {
    /// The type that `Self` stands for, if it has a name that could be written instead.
    pub(crate) fn self_name(&self) -> Option<&Ident> {
        match self {
            Self::Free(path) | Self::Impl(path) => path.segments.last().map(|s| &s.ident),
            Self::Contract => None,
        }
    }
}
