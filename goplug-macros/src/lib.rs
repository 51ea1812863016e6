//! The attribute macros of goplug. Users reach them through the `goplug` crate.
//!
//! Parse, then model, then expand: [`attr`] and [`syntax`] read, [`model`] holds what
//! was declared and is valid, [`expand`] writes. Here are the entry points only.

mod attr;
mod diag;
mod expand;
mod model;
mod syntax;

use proc_macro::TokenStream;

use crate::model::Role;

/// Declares a plugin or a contract.
#[proc_macro_attribute]
pub fn plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::annotated(args.into(), item.into()).into()
}

/// Makes a function a method of a plugin.
#[proc_macro_attribute]
pub fn method(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::function(Role::Method, args.into(), item.into()).into()
}

/// Declares a callback: what a plugin calls in its host.
#[proc_macro_attribute]
pub fn callback(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::function(Role::Callback, args.into(), item.into()).into()
}

/// Makes a function the plugin's activation hook.
#[proc_macro_attribute]
pub fn activate(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::function(Role::Activate, args.into(), item.into()).into()
}

/// Makes a function the plugin's stop hook.
#[proc_macro_attribute]
pub fn stop(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::function(Role::Stop, args.into(), item.into()).into()
}
