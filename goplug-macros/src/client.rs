//! `client!`: the client of a plugin that is known by its `.pconf`.

use std::path::{Path, PathBuf};

use goplug_codegen::Generator;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Token, Visibility};

/// ```text
/// input  := [ [ visibility ] "mod" identifier "=" ] string { "," option } [ "," ]
/// option := "fallback_to_value" | "value_for" "=" string | "without" "=" string
/// ```
struct Input {
    path: LitStr,
    generator: Generator,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut generator = Generator::new();
        if !input.peek(LitStr) {
            let visibility: Visibility = input.parse()?;
            input.parse::<Token![mod]>()?;
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            generator = generator.module(name.to_string());
            generator = generator.visibility(visibility.to_token_stream().to_string());
        }
        let path = input.parse()?;
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if !input.is_empty() {
                generator = option(input, generator)?;
            }
        }
        Ok(Self { path, generator })
    }
}

fn option(input: ParseStream<'_>, generator: Generator) -> syn::Result<Generator> {
    let name: Ident = input.parse()?;
    let value = || {
        input.parse::<Token![=]>()?;
        input.parse::<LitStr>().map(|name| name.value())
    };
    match name.to_string().as_str() {
        "fallback_to_value" => Ok(generator.fallback_to_value(true)),
        "value_for" => Ok(generator.value_for(value()?)),
        "without" => Ok(generator.without(value()?)),
        other => {
            let text = format!(
                "unknown option `{other}`; `client!` takes `fallback_to_value`, `value_for = \"…\"`, \
                 `without = \"…\"` here"
            );
            Err(syn::Error::new(name.span(), text))
        }
    }
}

/// The module, and a use of the file that makes the compiler look at it again when it changes.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let Input { path: literal, generator } = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let path = absolute(&literal.value());
    match code(&path, &generator) {
        Ok(code) => {
            let path = path.to_string_lossy();
            quote! {
                #code
                const _: &[u8] = ::std::include_bytes!(#path);
            }
        }
        Err(reason) => syn::Error::new(literal.span(), reason).into_compile_error(),
    }
}

fn code(path: &Path, generator: &Generator) -> Result<TokenStream, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let code = generator.generate(&text).map_err(|error| error.to_string())?;
    code.parse().map_err(|error| format!("the code is not Rust: {error}"))
}

/// A relative path begins at the folder of the package that is being built.
fn absolute(path: &str) -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    folder.unwrap_or_default().join(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The descriptor of which goplug-codegen keeps the code.
    const REPORT: &str = "../goplug-codegen/tests/kept/report.json";

    fn expanded(input: TokenStream) -> String {
        expand(input).to_string()
    }

    #[test]
    fn the_file_is_looked_at_again_when_it_changes() {
        let code = expanded(quote!(#REPORT));
        assert!(code.starts_with("# [doc"), "{code}");
        assert!(code.contains("include_bytes ! (") && code.contains("kept/report.json"), "{code}");
    }

    #[test]
    fn the_module_and_the_members_are_those_that_are_asked_for() {
        let code = expanded(quote!(pub(crate) mod other = #REPORT, without = "draw",));
        assert!(code.contains("pub (crate) mod other"), "{code}");
        assert!(code.contains("fn upload") && !code.contains("fn draw"), "{code}");
    }

    #[test]
    fn an_error_says_what_is_wrong_with_which_member() {
        let folder = std::env::temp_dir();
        let path = folder.join(format!("goplug-client-{}.json", std::process::id()));
        let text = r#"{"name":"P","methods":[{"name":"m","returns":{"type":"dict"}}]}"#;
        std::fs::write(&path, text).unwrap();
        let literal = path.to_str().unwrap();
        let code = expanded(quote!(#literal));
        let on_request = expanded(quote!(#literal, value_for = "m"));
        std::fs::remove_file(&path).unwrap();
        assert!(code.contains("compile_error") && code.contains("method m: result"), "{code}");
        assert!(
            on_request.contains("-> :: goplug :: __private :: serde_json :: Value"),
            "{on_request}"
        );
    }

    #[test]
    fn a_file_that_is_not_there_and_an_unknown_option_are_errors() {
        assert!(expanded(quote!("none.pconf")).contains("none.pconf cannot be read"));
        assert!(expanded(quote!(#REPORT, fallback)).contains("unknown option `fallback`"));
    }
}
