//! `#[goplug::plugin]` on a trait: a contract that many plugins fulfil.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{ReturnType, parse_quote};

use crate::attr;
use crate::diag::Diag;
use crate::emit::Flavour;
use crate::emit::client::{self, ClientDecl};
use crate::emit::{MemberScope, Paths, callback, checks, contract as table, member, spec};
use crate::model::{self, Attrs, BlockItem, ClientMember};
use crate::syntax::{Function, Trait};

/// The trait as implementors see it, and its clients.
pub(super) fn expand(args: TokenStream, mut contract: Trait) -> TokenStream {
    let diag = Diag::default();
    let options = attr::on_trait(args, &diag);
    check_head(&contract, &diag);
    let items = std::mem::take(&mut contract.items);
    let items = model::contract_items(items, &diag);
    let paths = Paths::of_contract(&contract.ident, options.private());
    let attrs = Attrs::new(&contract.attrs);
    let descriptor = options.descriptor;
    let expanded = Contract { contract: &contract, attrs, paths, descriptor }.expand(items);
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
    paths: Paths,
    /// The constant with the descriptor of which the contract was made.
    descriptor: Option<Ident>,
}

impl Contract<'_> {
    fn expand(&self, items: Vec<BlockItem<ClientMember>>) -> TokenStream {
        let mut kept = TokenStream::new();
        let mut members = Vec::new();
        for item in items {
            match item {
                BlockItem::Other(tokens) => kept.extend(tokens),
                BlockItem::Refused(function) => kept.extend(refused(&function)),
                BlockItem::Member(function, member) => {
                    kept.extend(self.in_place(&function, &member));
                    members.push(*member);
                }
            }
        }
        kept.extend(table::table(&members, &self.paths));
        let Trait { ident, vis, .. } = self.contract;
        let contract = self.contract.with_items(&table::clients_trait(ident), &kept);
        let clients = self.clients(&members);
        let hidden = table::clients(ident, vis, &self.attrs.cfgs, &self.paths);
        let checks: TokenStream = members.iter().map(|member| self.checks(member)).collect();
        quote!(#contract #clients #hidden #checks)
    }

    /// The member in the trait: a callback gets its body, and every future is `Send`.
    fn in_place(&self, function: &Function, member: &ClientMember) -> TokenStream {
        let mut function = function.clone();
        let Paths { private, .. } = &self.paths;
        match member {
            ClientMember::Callback(callback) => {
                let clause = function.sig.generics.make_where_clause();
                clause.predicates.push(parse_quote!(Self: #private::PluginType));
                let body = callback::body(callback, &self.paths);
                in_future(&function, Some(quote!({ #body })))
            }
            ClientMember::Method(method) => {
                let streams = method.stream.is_some();
                if streams {
                    model::make_send(&mut function.sig.output);
                }
                if function.body.is_some() && (streams || function.sig.asyncness.is_some()) {
                    // The future, or the stream, holds `&self` and has to be `Send`.
                    let clause = function.sig.generics.make_where_clause();
                    clause.predicates.push(parse_quote!(Self: ::std::marker::Sync));
                }
                in_future(&function, function.body.as_ref().map(|body| quote!(#body)))
            }
        }
    }

    /// ```text
    /// pub struct GreeterClient<C = DefaultCaller> { … }
    /// impl<C: Caller> GreeterClient<C> { __METHOD_…, __CONTRACT, the members }
    /// impl<C: BlockingCaller> GreeterBlockingClient<C> { the members }
    /// ```
    fn clients(&self, members: &[ClientMember]) -> TokenStream {
        let Paths { private, .. } = &self.paths;
        let ident = &self.contract.ident;
        let declared = ClientDecl {
            ident,
            vis: &self.contract.vis,
            cfgs: &self.attrs.cfgs,
            subject: format!("any plugin that fulfils `{ident}`"),
            plugin: None,
            contract: None,
            descriptor: self.descriptor.clone(),
        };
        let declared = declared.emit(private);
        let specs = members.iter().map(|member| spec::of(member, &self.paths));
        let contract = spec::of_contract(ident, members, &self.paths);
        let [on_client, on_blocking] = [Flavour::Async, Flavour::Blocking].map(|flavour| {
            let of_member = |m| member::on_client(m, flavour, &self.paths);
            members.iter().map(of_member).collect::<TokenStream>()
        });
        let scope = MemberScope { paths: &self.paths, attrs: &self.attrs };
        let items = quote!(#(#specs)* #contract #on_client);
        let client = client::implement(&scope, Flavour::Async, &items);
        let blocking = client::implement(&scope, Flavour::Blocking, &on_blocking);
        quote!(#declared #client #blocking)
    }

    /// ```text
    /// const _: () = { checks };
    /// ```
    fn checks(&self, member: &ClientMember) -> TokenStream {
        let checks = checks::of(member, &self.paths);
        if checks.is_empty() {
            return checks;
        }
        let (outer, own) = (&self.attrs.cfgs, &member.signature().attrs.cfgs);
        quote_spanned! {self.contract.ident.span().resolved_at(Span::mixed_site())=>
            #(#outer)* #(#own)* const _: () = { #checks };
        }
    }
}

/// A member with errors, so that implementations of the trait still compile.
fn refused(function: &Function) -> TokenStream {
    match &function.body {
        Some(_) => function.as_written(),
        None => in_future(function, None),
    }
}

/// ```text
/// fn greet(&self, name: &str) -> impl Future<Output = R> + Send;
/// ```
///
/// for an `async fn`, so that a plugin's server may run it on any thread.
/// Implementors still write `async fn`.
fn in_future(function: &Function, body: Option<TokenStream>) -> TokenStream {
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
