//! The contract: the trait from which `#[goplug::plugin]` makes the clients.

use goplug_runtime::protocol::Descriptor;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{GenericArgument, PathArguments, Type};

use crate::docs;
use crate::member::{ErrorType, Member, Param};
use crate::names::Names;

/// ```text
/// pub const DESCRIPTOR: &str = "…";
/// #[::goplug::plugin(descriptor = DESCRIPTOR)]
/// pub trait Report { … }
/// impl<C: ::goplug::Caller> ::goplug::NamedClient for ReportClient<C> { … }
/// impl<C: ::goplug::BlockingCaller> ::goplug::NamedClient for ReportBlockingClient<C> { … }
/// ```
pub(crate) fn emit(
    plugin: &Descriptor,
    name: &Ident,
    methods: &[Member],
    callbacks: &[Member],
) -> TokenStream {
    let mut names = Names::default();
    let callbacks: Vec<_> = callbacks
        .iter()
        .map(|callback| {
            let ident = format_ident!("{}", names.of_callback(&callback.wire));
            self::callback(&ident, callback)
        })
        .collect();
    let methods = methods.iter().map(|method| {
        let ident = format_ident!("{}", names.of_method(&method.wire));
        self::method(&ident, method)
    });
    let descriptor = stated(plugin);
    let doc = format!(" The methods and callbacks of {}.", about(plugin));
    let (client, blocking) = (format_ident!("{name}Client"), format_ident!("{name}BlockingClient"));
    let (plugin_name, namespace) = (&plugin.name, &plugin.namespace);
    quote! {
        /// What the plugin said of itself when this was made. A client needs this of it.
        pub const DESCRIPTOR: &str = #descriptor;

        #[doc = #doc]
        #[::goplug::plugin(descriptor = DESCRIPTOR)]
        pub trait #name {
            #(#methods)*
            #(#callbacks)*
        }

        impl<C: ::goplug::Caller> ::goplug::NamedClient for #client<C> {
            const NAME: &'static str = #plugin_name;
            const NAMESPACE: &'static str = #namespace;
        }

        impl<C: ::goplug::BlockingCaller> ::goplug::NamedClient for #blocking<C> {
            const NAME: &'static str = #plugin_name;
            const NAMESPACE: &'static str = #namespace;
        }
    }
}

/// The descriptor as a literal, without documentation.
fn stated(plugin: &Descriptor) -> Literal {
    let mut plugin = Descriptor { configuration: None, features: Vec::new(), ..plugin.clone() };
    plugin.methods.iter_mut().for_each(|method| method.doc.clear());
    plugin.callbacks.iter_mut().for_each(|callback| callback.doc.clear());
    // Strings and JSON: serializing them cannot fail.
    let text = serde_json::to_string(&plugin).unwrap_or_default();
    let mut hashes = "#".to_owned();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    let raw = format!("r{hashes}\"{text}\"{hashes}").parse();
    raw.unwrap_or_else(|_| Literal::string(&text))
}

/// `` `acme.Report` `` with its version.
pub(crate) fn about(plugin: &Descriptor) -> String {
    let dot = if plugin.namespace.is_empty() { "" } else { "." };
    let version = plugin.version.as_ref().map(|version| format!(", version {version}"));
    format!("the plugin `{}{dot}{}`{}", plugin.namespace, plugin.name, version.unwrap_or_default())
}

fn method(ident: &Ident, method: &Member) -> TokenStream {
    let Member { wire, ok, returns, .. } = method;
    let idempotent = method.idempotent.then(|| quote!(, idempotent));
    let ok = match method.stream {
        true => quote!(impl ::goplug::Stream<Item = #ok>),
        false => quote!(#ok),
    };
    let output = match &method.error {
        ErrorType::None => ok,
        ErrorType::Text => quote!(::goplug::Result<#ok>),
        ErrorType::Typed(error) => quote!(::std::result::Result<#ok, #error>),
    };
    let doc = doc(method, "method");
    let mut names = Names::default();
    let mut params = params(&method.params, true, &mut names);
    params.extend(method.progress.as_ref().map(|(ty, spelling)| {
        let ident = format_ident!("{}", names.of_param("progress"));
        quote!(#[goplug(spelling = #spelling)] #ident: ::goplug::Progress<#ty>)
    }));
    quote! {
        #doc
        #[::goplug::method(name = #wire, returns = #returns #idempotent)]
        async fn #ident(&self, #(#params),*) -> #output;
    }
}

fn callback(ident: &Ident, callback: &Member) -> TokenStream {
    let Member { wire, ok, returns, .. } = callback;
    let doc = doc(callback, "callback");
    let params = params(&callback.params, false, &mut Names::default());
    quote! {
        #doc
        #[::goplug::callback(name = #wire, returns = #returns)]
        async fn #ident(&self, #(#params),*) -> ::goplug::Result<#ok>;
    }
}

/// What the author wrote. It becomes part of the client's documentation.
fn doc(member: &Member, kind: &str) -> TokenStream {
    let text = docs::sanitize(&member.doc);
    let text =
        if text.is_empty() { format!("The plugin's {kind} `{}`.", member.wire) } else { text };
    let lines =
        text.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// The parameters. Those of methods are borrowed where that saves their caller a copy.
fn params(params: &[Param], borrowed: bool, names: &mut Names) -> Vec<TokenStream> {
    let params = params.iter().map(|Param { wire, ty, spelling, stream }| {
        let ident = format_ident!("{}", names.of_param(wire));
        let ty = match (stream, borrowed) {
            (true, _) => quote!(::goplug::Incoming<#ty>),
            (false, true) => self::borrowed(ty),
            (false, false) => quote!(#ty),
        };
        let name = (ident != wire).then(|| quote!(name = #wire,));
        quote!(#[goplug(#name spelling = #spelling)] #ident: #ty)
    });
    params.collect()
}

/// `&str` for a `String`, `&[T]` for a `Vec<T>`, `&T` for what is not copied.
fn borrowed(ty: &Type) -> TokenStream {
    const BY_VALUE: [&str; 18] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize", "Bytes", "Option",
    ];
    let Type::Path(path) = ty else { return quote!(#ty) };
    let Some(last) = path.path.segments.last() else { return quote!(#ty) };
    let name = last.ident.to_string();
    match (name.as_str(), &last.arguments) {
        (name, _) if BY_VALUE.contains(&name) => quote!(#ty),
        ("String", PathArguments::None) => quote!(&str),
        ("Vec", PathArguments::AngleBracketed(arguments)) => match arguments.args.first() {
            Some(GenericArgument::Type(element)) => quote!(&[#element]),
            _ => quote!(&#ty),
        },
        _ => quote!(&#ty),
    }
}
