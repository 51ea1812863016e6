//! `#[goplug::plugin]` on a trait: a contract that many plugins fulfil.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Path, ReturnType, parse_quote};

use super::client::{self, Of, Target};
use super::{Site, blocking, callback, method};
use crate::attr::{self, Grammar, Key, PluginPath};
use crate::diag::Diag;
use crate::model::{self, Attrs, BlockItem, Member, Place};
use crate::syntax::{Function, Trait};

/// The trait as implementors see it, and its client.
pub(crate) fn expand(args: TokenStream, mut contract: Trait) -> TokenStream {
    let diag = Diag::default();
    let grammar = Grammar {
        attribute: "goplug::plugin",
        plugin: PluginPath::Forbidden("the trait below is the contract"),
        options: &[Key::Crate],
        hint: "; a contract has no name of its own: the plugins that fulfil it have",
    };
    let options = attr::parse(args, &grammar, Span::call_site(), &diag);
    check_head(&contract, &diag);
    let items = std::mem::take(&mut contract.items);
    let items = model::members(items, &Place::Trait, &diag);
    let expanded = Contract::new(&contract, options.private()).expand(items);
    let errors = diag.finish();
    quote!(#expanded #errors)
}

fn check_head(contract: &Trait, diag: &Diag) {
    if let Some(unsafety) = &contract.unsafety {
        diag.at(unsafety, "a contract cannot be `unsafe`: the host cannot see how it is kept");
    }
    if !contract.generics.params.is_empty() {
        let text = "a contract cannot be generic: both sides have to mean the same types";
        diag.at(&contract.generics.params, text);
    }
    if let Some(clause) = &contract.generics.where_clause {
        diag.at(clause, "a `where` clause has nothing to speak of here: there are no generics");
    }
}

struct Contract<'a> {
    contract: &'a Trait,
    attrs: Attrs,
    site: Site,
}

impl<'a> Contract<'a> {
    fn new(contract: &'a Trait, private: TokenStream) -> Self {
        let ident = &contract.ident;
        let site = Site {
            private,
            plugin: quote!(Self),
            client: model::client(&Path::from(ident.clone())),
            qualifier: quote!(<Self as #ident>::),
        };
        Self { contract, attrs: Attrs::new(&contract.attrs), site }
    }

    fn expand(&self, items: Vec<BlockItem>) -> TokenStream {
        let mut kept = TokenStream::new();
        let mut members = Vec::new();
        for item in items {
            match item {
                BlockItem::Other(tokens) => kept.extend(tokens),
                BlockItem::Member(function, None) => kept.extend(self.refused(&function)),
                BlockItem::Member(function, Some(member)) => {
                    kept.extend(self.in_place(&function, &member));
                    members.push(*member);
                }
            }
        }
        kept.extend(self.table(&members));
        let contract = self.contract.with_items(&kept);
        let client = self.client(&members);
        let checks: TokenStream = members.iter().map(|member| self.checks(member)).collect();
        quote!(#contract #client #checks)
    }

    /// A member with errors: what implements the trait still compiles.
    fn refused(&self, function: &Function) -> TokenStream {
        match &function.body {
            Some(_) => function.as_it_is(),
            None => self.in_future(function, function.body.as_ref().map(|body| quote!(#body))),
        }
    }

    fn in_place(&self, function: &Function, member: &Member) -> TokenStream {
        match member {
            Member::Callback(callback) => {
                let Site { private, .. } = &self.site;
                let mut function = function.clone();
                let clause = function.sig.generics.make_where_clause();
                clause.predicates.push(parse_quote!(Self: #private::PluginType));
                let body = callback::body(callback, &self.site);
                self.in_future(&function, Some(quote!({ #body })))
            }
            Member::Method(_) | Member::Hook(_) => {
                let mut function = function.clone();
                if function.body.is_some() && function.sig.asyncness.is_some() {
                    // Its future holds `&self`, and is to be `Send`.
                    let clause = function.sig.generics.make_where_clause();
                    clause.predicates.push(parse_quote!(Self: ::std::marker::Sync));
                }
                self.in_future(&function, function.body.as_ref().map(|body| quote!(#body)))
            }
        }
    }

    /// ```text
    /// fn greet(&self, name: &str) -> impl Future<Output = R> + Send;
    /// ```
    ///
    /// for an `async fn`, so that a plugin's server may run it on any thread.
    /// Implementors still write `async fn`.
    fn in_future(&self, function: &Function, body: Option<TokenStream>) -> TokenStream {
        let is_async = function.sig.asyncness.is_some();
        let body = match body {
            Some(body) if is_async => quote!({ async move #body }),
            Some(body) => body,
            None => quote!(;),
        };
        let mut function = function.clone();
        if function.sig.asyncness.take().is_some() {
            let output = match &function.sig.output {
                ReturnType::Type(_, ty) => quote!(#ty),
                ReturnType::Default => quote!(()),
            };
            function.sig.output = parse_quote! {
                -> impl ::std::future::Future<Output = #output> + ::std::marker::Send
            };
        }
        function.with_body(body)
    }

    /// ```text
    /// #[doc(hidden)]
    /// fn __goplug_contract() -> Contract where Self: PluginType {
    ///     Contract { spec: <GreeterClient>::__CONTRACT, dispatch: […].into_vec() }
    /// }
    /// ```
    fn table(&self, members: &[Member]) -> TokenStream {
        let Site { private, client, .. } = &self.site;
        let dispatch = methods(members).map(|method| {
            let cfgs = &method.shape.attrs.cfgs;
            let dispatch = method::dispatch(method, &self.site);
            quote!(#(#cfgs)* ((#dispatch) as #private::Dispatch))
        });
        let deprecated = methods(members).any(|method| method.shape.attrs.deprecated.is_some());
        let allow = deprecated.then(|| quote!(#[allow(deprecated)]));
        quote! {
            #[doc(hidden)]
            #allow
            fn __goplug_contract() -> #private::Contract
            where
                Self: #private::PluginType,
            {
                #private::Contract {
                    spec: <#client>::__CONTRACT,
                    dispatch: <[#private::Dispatch]>::into_vec(::std::boxed::Box::new([
                        #(#dispatch),*
                    ])),
                }
            }
        }
    }

    /// ```text
    /// pub struct GreeterClient<C = DefaultCaller> { … }
    /// impl<C: Caller> GreeterClient<C> { __METHOD_…, __CONTRACT, the methods }
    /// ```
    fn client(&self, members: &[Member]) -> TokenStream {
        let Site { private, .. } = &self.site;
        let Attrs { cfgs, .. } = &self.attrs;
        let ident = &self.contract.ident;
        let declared = client::declare(
            &Of {
                path: &Path::from(ident.clone()),
                vis: &self.contract.vis,
                cfgs,
                expectation: quote!(#private::Expectation::of_contract::<Self>(Self::__CONTRACT)),
                summary: format!("The typed client of any plugin that fulfils `{ident}`."),
            },
            private,
        );
        let specs = self.specs(members);
        let items = members.iter().map(|member| match member {
            Member::Method(method) => method::on_client(method, &self.site),
            Member::Callback(callback) => callback::on_client(callback, &self.site),
            Member::Hook(_) => TokenStream::new(),
        });
        let items = quote!(#specs #(#items)*);
        let target = Target { site: &self.site, attrs: &self.attrs };
        let client_impl = target.client_impl(&items);
        let blocking = members.iter().map(|member| match member {
            Member::Method(method) => blocking::method(method, &self.site),
            Member::Callback(callback) => blocking::callback(callback, &self.site),
            Member::Hook(_) => TokenStream::new(),
        });
        let blocking_impl = blocking::implement(&target, &quote!(#(#blocking)*));
        quote!(#declared #client_impl #blocking_impl)
    }

    /// ```text
    /// const __METHOD_GREET: &'static MethodSpec = …;
    /// const __CONTRACT: &'static ContractSpec = &ContractSpec {
    ///     methods: &[*Self::__METHOD_GREET],
    ///     callbacks: &[],
    /// };
    /// ```
    fn specs(&self, members: &[Member]) -> TokenStream {
        let Site { private, .. } = &self.site;
        let specs = members.iter().map(|member| match member {
            Member::Method(method) => method::spec(method, &self.site),
            Member::Callback(callback) => callback::spec(callback, &self.site),
            Member::Hook(_) => TokenStream::new(),
        });
        let method_specs = methods(members).map(|method| {
            let (cfgs, constant) = (&method.shape.attrs.cfgs, method::constant(method));
            quote!(#(#cfgs)* *Self::#constant)
        });
        let callback_specs = members.iter().filter_map(Member::callback).map(|callback| {
            let (cfgs, constant) = (&callback.shape.attrs.cfgs, callback::constant(callback));
            quote!(#(#cfgs)* *Self::#constant)
        });
        quote! {
            #(#specs)*
            const __CONTRACT: &'static #private::ContractSpec = &#private::ContractSpec {
                methods: &[#(#method_specs),*],
                callbacks: &[#(#callback_specs),*],
            };
        }
    }

    fn checks(&self, member: &Member) -> TokenStream {
        let (checks, attrs) = match member {
            Member::Method(method) => (method::checks(method, &self.site), &method.shape.attrs),
            Member::Callback(callback) => {
                (callback::checks(callback, &self.site), &callback.shape.attrs)
            }
            Member::Hook(_) => return TokenStream::new(),
        };
        if checks.is_empty() {
            return checks;
        }
        let (outer, own) = (&self.attrs.cfgs, &attrs.cfgs);
        quote_spanned! {self.contract.ident.span().resolved_at(Span::mixed_site())=>
            #(#outer)* #(#own)* const _: () = { #checks };
        }
    }
}

fn methods(members: &[Member]) -> impl Iterator<Item = &model::Method> {
    members.iter().filter_map(|member| match member {
        Member::Method(method) => Some(method),
        Member::Callback(_) | Member::Hook(_) => None,
    })
}
