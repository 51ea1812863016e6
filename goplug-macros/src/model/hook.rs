//! An activation or stop hook, validated.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{ReturnType, Type};

use super::container::Container;
use super::signature::FnSignature;
use super::types;
use crate::attr::HookKind;
use crate::diag::Diag;
use crate::syntax::Function;

/// An activation or stop hook.
pub(crate) struct Hook {
    pub(crate) kind: HookKind,
    pub(crate) signature: FnSignature,
    /// Whether it builds the plugin's value: an activation that takes no value and returns one.
    pub(crate) builds: bool,
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
        signature.takes_arguments_only("a hook", diag);
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
        let builds = kind == HookKind::Activate
            && !signature.takes_plugin
            && returns_plugin(&function.sig.output, container);
        Self { kind, signature, builds, result }
    }
}

/// Whether this is spelled as the plugin's type, or as a type whose first argument is: as
/// `Result<Self, E>`. The compiler checks the rest.
fn returns_plugin(output: &ReturnType, container: &Container) -> bool {
    let ReturnType::Type(_, ty) = output else { return false };
    let Type::Path(whole) = types::plain(ty) else { return false };
    is_plugin(ty, container)
        || types::arguments(&whole.path).next().is_some_and(|ty| is_plugin(ty, container))
}

/// Whether a type is spelled as the plugin's, or as `Self` within its impl.
fn is_plugin(ty: &Type, container: &Container) -> bool {
    let Type::Path(path) = types::plain(ty) else { return false };
    let Some(last) = path.path.segments.last().filter(|_| path.qself.is_none()) else {
        return false;
    };
    let is_self = path.path.is_ident("Self") && matches!(container, Container::Impl(_));
    is_self || container.self_name().is_some_and(|name| last.ident == *name)
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_hook_builds_what_its_result_spells() {
        let container = Container::Impl(parse_quote!(a::Counter));
        let builds: [ReturnType; 4] = [
            parse_quote!(-> Self),
            parse_quote!(-> Counter),
            parse_quote!(-> anyhow::Result<Self>),
            parse_quote!(-> Result<b::Counter, Box<dyn Error>>),
        ];
        assert!(builds.iter().all(|output| returns_plugin(output, &container)));
        let runs: [ReturnType; 4] = [
            ReturnType::Default,
            parse_quote!(-> anyhow::Result<()>),
            parse_quote!(-> Result<(), Counter>),
            parse_quote!(-> Counters),
        ];
        assert!(!runs.iter().any(|output| returns_plugin(output, &container)));
        let free = Container::Free(parse_quote!(Counter));
        assert!(returns_plugin(&builds[1], &free) && !returns_plugin(&builds[0], &free));
    }
}
