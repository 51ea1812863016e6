//! An activation or stop hook, validated.

use proc_macro2::Span;
use syn::ReturnType;
use syn::spanned::Spanned as _;

use super::container::Container;
use super::signature::FnSignature;
use crate::attr::HookKind;
use crate::diag::Diag;
use crate::syntax::Function;

/// An activation or stop hook.
pub(crate) struct Hook {
    pub(crate) kind: HookKind,
    pub(crate) signature: FnSignature,
    /// The place of the return type, or of the name if there is none.
    pub(crate) result: Span,
}

impl Hook {
    pub(super) fn new(
        kind: HookKind,
        function: &Function,
        container: &Container,
        diag: &Diag,
    ) -> Self {
        let signature = FnSignature::new(function, container, diag);
        if function.body.is_none() {
            diag.at(&signature.ident, "a hook needs a body");
        }
        let (most, text) = match kind {
            HookKind::Activate => {
                (1, "activation passes one value, the host's configuration; put this into it")
            }
            HookKind::Stop => (0, "nothing is passed to a stop hook but the plugin's value"),
        };
        if let Some(param) = signature.params.get(most) {
            diag.at(&param.written, text);
        }
        let result = match &function.sig.output {
            ReturnType::Type(_, ty) => ty.span(),
            ReturnType::Default => signature.ident.span(),
        };
        Self { kind, signature, result }
    }
}
