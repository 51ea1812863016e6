//! Errors are collected, so that one build shows all of them.
//!
//! [`Diag::finish`] returns the errors. To drop a [`Diag`] that holds errors is a bug of this crate:
//! it panics, so that no error is lost.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The errors of one annotated item.
#[derive(Default)]
pub(crate) struct Diag {
    errors: RefCell<Vec<syn::Error>>,
}

impl Diag {
    /// An error at all of these tokens.
    pub(crate) fn at(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// An error at one place.
    pub(crate) fn at_span(&self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// An error that a parser found.
    pub(crate) fn push(&self, error: syn::Error) {
        self.errors.borrow_mut().push(error);
    }

    /// The value of the result. An error is collected, and the value is `None`.
    pub(crate) fn ok<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// The number of errors so far. A step has found errors if the number grew.
    pub(crate) fn count(&self) -> usize {
        self.errors.borrow().len()
    }

    /// All errors as `compile_error!` items; empty if there are none.
    pub(crate) fn finish(self) -> TokenStream {
        self.errors.take().iter().map(syn::Error::to_compile_error).collect()
    }
}

impl Drop for Diag {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let forgotten = self.errors.take();
            assert!(forgotten.is_empty(), "errors were collected and not reported: {forgotten:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_reported_in_the_order_of_its_finding() {
        let diag = Diag::default();
        diag.at_span(Span::call_site(), "first");
        diag.at(quote::quote!(a b), "second");
        let tokens = diag.finish().to_string();
        assert!(tokens.find("first").unwrap() < tokens.find("second").unwrap(), "{tokens}");
    }

    #[test]
    #[should_panic(expected = "collected and not reported")]
    fn forgotten_errors_are_a_panic() {
        Diag::default().at_span(Span::call_site(), "forgotten");
    }
}
