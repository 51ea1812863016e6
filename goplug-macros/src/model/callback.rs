//! A callback, validated.

use syn::Type;

use super::container::Container;
use super::names::{self, Kind};
use super::output;
use super::signature::FnSignature;
use super::types;
use crate::attr::Options;
use crate::diag::Diag;
use crate::syntax::Function;

/// A callback.
pub(crate) struct Callback {
    pub(crate) signature: FnSignature,
    pub(crate) wire: String,
    /// The type of the host's answer; `None` if there is no answer.
    pub(crate) answer: Option<Type>,
    /// The spelling of the answer that the descriptor has: `()` if there is none.
    pub(crate) returns: String,
    /// The user's function. Its parameters are used in the body that is generated for it.
    pub(crate) function: Function,
}

impl Callback {
    pub(crate) fn new(
        function: &Function,
        options: &Options,
        container: &Container,
        diag: &Diag,
    ) -> Self {
        let signature = FnSignature::new(function, container, diag);
        signature.takes_arguments_only("a callback", diag);
        if let Some(body) = &function.body {
            let text = "a callback has no body: end it with `;`, and the macro writes what sends \
                        it to the host";
            diag.at_span(body.span(), text);
        }
        if !signature.is_async {
            let text = "a callback waits for the host: make it an `async fn`";
            diag.at(function.sig.fn_token, text);
        }
        let answer = output::answer(&function.sig, container, diag);
        let returns = returns(answer.as_ref(), options, diag);
        Self {
            wire: names::wire(Kind::Callback, &signature.ident, options.name.as_ref(), diag),
            answer,
            returns,
            function: function.clone(),
            signature,
        }
    }
}

/// The spelling as given, or the canonical one. Whether there is an answer shows in it, so a given
/// one has to agree with the type.
fn returns(answer: Option<&Type>, options: &Options, diag: &Diag) -> String {
    let canonical = answer.map_or_else(|| "()".to_owned(), types::spelling);
    let Some(given) = &options.returns else { return canonical };
    let spelling = given.value();
    if matches!(spelling.as_str(), "" | "()") != answer.is_none() {
        let text = "an answer of the type `()` is none: `returns` and the function's own type have \
                    to agree";
        diag.at(given, text);
    }
    spelling
}
