//! Tokens that are not parsed any further.

use proc_macro2::{TokenStream, TokenTree};

/// Enough of an item to point at: the tokens between its attributes and its first group.
pub(crate) fn first_tokens(item: &TokenStream) -> TokenStream {
    let is_pound = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == '#');
    let mut tokens = item.clone().into_iter().peekable();
    while tokens.next_if(is_pound).is_some() {
        tokens.next();
    }
    tokens.take_while(|token| !matches!(token, TokenTree::Group(_))).collect()
}
