//! Where a method, callback or hook stands; the same rules read differently there.

use proc_macro2::Ident;
use syn::Path;

/// Where an annotated function stands.
pub(crate) enum Place {
    /// A free function of the plugin with this path.
    Free(Path),
    /// The inherent impl of this type.
    Impl(Path),
    /// The trait of this name.
    Trait,
}

impl Place {
    /// What `Self` stands for, if anything that could be written instead.
    pub(crate) fn self_name(&self) -> Option<&Ident> {
        match self {
            Self::Free(path) | Self::Impl(path) => path.segments.last().map(|s| &s.ident),
            Self::Trait => None,
        }
    }
}
