//! A method, validated.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;

use super::container::Container;
use super::idents;
use super::incoming::{Incoming, IncomingForm};
use super::input::ProgressParam;
use super::names::{self, Kind};
use super::output::Output;
use super::signature::FnSignature;
use super::stream::{self, Stream};
use crate::attr::Options;
use crate::diag::Diag;
use crate::syntax::Function;

/// A method.
pub(crate) struct Method {
    pub(crate) signature: FnSignature,
    pub(crate) wire: String,
    /// What it returns, or the items of the stream that it returns.
    pub(crate) output: Output,
    /// How it returns a stream, if it does.
    pub(crate) stream: Option<Stream>,
    /// The spelling of the result that the descriptor has.
    pub(crate) returns: String,
    pub(crate) blocking: bool,
    pub(crate) idempotent: bool,
    /// Whether a plugin may lack it.
    pub(crate) optional: bool,
}

/// The name of the part that has all parameters but bytes.
const ARGUMENTS: &str = "arguments";

/// Refuses bytes whose part has the name of the one with the other arguments.
fn check_parts(signature: &FnSignature, diag: &Diag) {
    let parts = signature.params.iter().filter(|param| param.is_bytes() && signature.has_parts());
    for param in parts.filter(|param| param.name == ARGUMENTS) {
        let text = "bytes beside other parameters are a part of the call by their name, and the \
                    part `arguments` has the other parameters: give these another name";
        diag.at(&param.user_ident, text);
    }
}

/// Refuses a stream of items that the method could not read.
fn check_incoming(signature: &FnSignature, returns_stream: bool, diag: &Diag) {
    let Some(Incoming { written, form, .. }) = signature.incoming() else { return };
    let text = match form {
        IncomingForm::Iter if signature.is_async => {
            "an `IncomingIter` blocks, and an `async fn` is not to block: take an `Incoming`"
        }
        IncomingForm::Iter if returns_stream => {
            "a stream does not block when it is polled: take an `Incoming`"
        }
        IncomingForm::Stream if !signature.is_async && !returns_stream => {
            "the items of an `Incoming` are awaited: make this an `async fn`, or take an \
             `IncomingIter`, and the method runs on a thread of its own"
        }
        IncomingForm::Iter | IncomingForm::Stream => return,
    };
    diag.at(written, text);
}

/// Refuses reports beside a result that has no place for them.
fn check_progress(signature: &FnSignature, output: &Output, streams: bool, diag: &Diag) {
    let Some(ProgressParam { written, .. }) = signature.progress() else { return };
    if signature.incoming().is_some() {
        diag.at(written, "a method takes a stream of items or reports, and does not do both");
    } else if streams {
        let text = "a method whose result is a stream does not report: make what it reports items of \
                    the stream";
        diag.at(written, text);
    } else if output.raw().is_some() || output.beside().is_some() {
        let text = "the result of a method that reports is JSON, since it follows the reports in one \
                    text: return the bytes by another method, or report by a callback";
        diag.at(written, text);
    }
}

impl Method {
    /// The callbacks that would add a function of this method's name to the client: `done` for
    /// `on_done`, and for `done_stream`.
    pub(crate) fn in_the_way_of(&self) -> Vec<String> {
        let name = self.signature.ident.unraw().to_string();
        let names = [name.strip_prefix("on_"), name.strip_suffix("_stream")];
        names.into_iter().flatten().map(str::to_owned).collect()
    }

    /// The function that says whether a plugin has the method, if it may lack it: `offers_wave`.
    pub(crate) fn offers(&self) -> Option<Ident> {
        self.optional.then(|| idents::derived("offers_", &self.signature.ident, ""))
    }

    /// Whether its calls have a stream: a result, an argument, or reports before the result.
    pub(crate) fn has_stream(&self) -> bool {
        let Self { signature, stream, .. } = self;
        stream.is_some() || signature.incoming().is_some() || signature.progress().is_some()
    }

    pub(crate) fn new(
        function: &Function,
        options: &Options,
        container: &Container,
        diag: &Diag,
    ) -> Self {
        let signature = FnSignature::new(function, container, diag);
        let ident = &signature.ident;
        if function.body.is_none() && !matches!(container, Container::Contract) {
            let text = "a method needs a body; what the host implements is a `#[goplug::callback]`";
            diag.at(ident, text);
        }
        if let Some(span) = options.blocking.filter(|_| signature.is_async) {
            let text = "`blocking` moves a function that blocks to a thread of its own; an \
                        `async fn` is not to block: leave out one of the two";
            diag.at_span(span, text);
        }
        let wire = names::wire(Kind::Method, ident, options.name.as_ref(), diag);
        names::check_client_method(ident, &wire, diag);
        check_parts(&signature, diag);
        let (output, stream) = stream::output(&function.sig.output, container, diag);
        if let Some(span) = options.blocking.filter(|_| stream.is_some()) {
            let text = "`blocking` is for a function that returns one value; a stream does not \
                        block when it is polled: send the items of blocking code by a channel";
            diag.at_span(span, text);
        }
        check_incoming(&signature, stream.is_some(), diag);
        let iterates = signature.incoming().is_some_and(|it| it.form == IncomingForm::Iter);
        check_progress(&signature, &output, stream.is_some(), diag);
        let returns = options.returns.as_ref();
        Self {
            wire,
            returns: returns.map_or_else(|| output.spelling(), syn::LitStr::value),
            output,
            stream,
            // What reports while it blocks must not block the connection that the reports take.
            blocking: options.blocking.is_some()
                || iterates
                || (!signature.is_async && signature.progress().is_some()),
            idempotent: options.idempotent.is_some(),
            optional: function.body.is_some() && matches!(container, Container::Contract),
            signature,
        }
    }
}
