//! The arguments between an attribute's parentheses, before their meaning is known.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Path, Token, parenthesized, token};

/// One of the arguments.
pub(crate) enum Arg {
    /// A path, or an option that takes nothing.
    Path(Path),
    /// An option with a value.
    Value(Ident, Expr),
    /// An option with paths in parentheses.
    Paths(Ident, Vec<Path>),
    /// `permissions(…)`, whose content has the form of arguments.
    Permissions(Ident, Vec<Arg>),
    /// `crate = path`.
    Crate(Token![crate], Path),
}

/// ```text
/// args  := [ arg { "," arg } [ "," ] ]
/// arg   := "crate" "=" path
///        | identifier "=" expression
///        | "permissions" "(" args ")"
///        | identifier "(" [ path { "," path } [ "," ] ] ")"
///        | path
/// ```
pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Vec<Arg>> {
    use syn::parse::Parser as _;
    let args = Punctuated::<Arg, Token![,]>::parse_terminated.parse2(tokens)?;
    Ok(args.into_iter().collect())
}

impl Parse for Arg {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            let krate = input.parse()?;
            input.parse::<Token![=]>()?;
            return Path::parse_mod_style(input).map(|path| Self::Crate(krate, path)).map_err(
                |error| {
                    let text = "expected the path of the crate, as in `crate = my_goplug`";
                    syn::Error::new(error.span(), text)
                },
            );
        }
        if input.peek(Ident::peek_any) && input.peek2(Token![=]) {
            let name = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            return Ok(Self::Value(name, input.parse()?));
        }
        if input.peek(Ident::peek_any) && input.peek2(token::Paren) {
            let name: Ident = input.parse()?;
            if name == "permissions" {
                let content;
                parenthesized!(content in input);
                let args = content.parse_terminated(Self::parse, Token![,])?;
                return Ok(Self::Permissions(name, args.into_iter().collect()));
            }
            return Ok(Self::Paths(name, paths(input)?));
        }
        let path = Path::parse_mod_style(input).map_err(|error| {
            let text = "expected the path of a plugin or an option such as `name = \"…\"`";
            syn::Error::new(error.span(), text)
        })?;
        if input.is_empty() || input.peek(Token![,]) {
            return Ok(Self::Path(path));
        }
        let rest: TokenStream = input.parse()?;
        let text = "a plain path is meant here, without arguments or generics";
        Err(syn::Error::new_spanned(quote::quote!(#path #rest), text))
    }
}

/// Paths in parentheses.
fn paths(input: ParseStream<'_>) -> syn::Result<Vec<Path>> {
    let content;
    parenthesized!(content in input);
    let paths = content.parse_terminated(Path::parse_mod_style, Token![,]).map_err(|error| {
        syn::Error::new(error.span(), "a plain path is meant here, without arguments or generics")
    })?;
    Ok(paths.into_iter().collect())
}

impl ToTokens for Arg {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Path(path) => path.to_tokens(tokens),
            Self::Value(name, _) | Self::Paths(name, _) | Self::Permissions(name, _) => {
                name.to_tokens(tokens);
            }
            Self::Crate(krate, _) => krate.to_tokens(tokens),
        }
    }
}
