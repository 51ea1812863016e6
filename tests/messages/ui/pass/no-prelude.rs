//! Generated code compiles without a prelude, and beside items that have the names
//! of the prelude's.
#![no_implicit_prelude]
#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]

use ::goplug::{callback, method};

macro_rules! shadows {
    ($($name:ident)*) => {$(
        /// Not the one of the standard library.
        #[derive(::std::clone::Clone, ::std::marker::Copy, ::std::fmt::Debug)]
        #[allow(dead_code)]
        pub struct $name;
    )*};
}

shadows!(Option Some None Ok Err Box Vec String Future Send Sync Default Clone Arc C F Fut Caller Client Reply Call Instance);

type Result<T> = ::std::result::Result<T, ::std::string::String>;

/// A plugin.
#[::goplug::plugin]
pub struct Odd {
    state: u8,
}

impl ::std::default::Default for Odd {
    fn default() -> Self {
        Self { state: 1 }
    }
}

/// Parameters that have the names of generated variables.
#[method(Odd)]
pub fn call(odd: &Odd, plugin: u8, call: u8, caller: u8, client: u8, self_: u8, base: u8) -> u8 {
    odd.state + plugin + call + caller + client + self_ + base
}

/// A parameter of the function's own name.
#[method(Odd)]
pub fn add(add: i64) -> i64 {
    add
}

/// Names of the prelude, and a wire name that no method of a client may have.
#[method(Odd, name = "clone")]
pub async fn drop(into: ::std::vec::Vec<u16>, default: &str) -> Result<u16> {
    let _ = default;
    ::std::result::Result::Ok(into[0])
}

/// A name that generated code might have used.
#[method(Odd)]
pub fn dispatch(handler: u8) -> u8 {
    handler
}

/// Likewise.
#[method(Odd)]
pub fn base(arguments: ::std::option::Option<u8>) -> ::std::option::Option<u8> {
    arguments
}

/// A raw identifier.
#[method(Odd)]
pub fn r#type(r#match: &[::std::string::String]) -> usize {
    r#match.len()
}

/// A callback with such a parameter.
#[callback(Odd)]
pub async fn handler(handler: u8, call: &str) -> ::goplug::Result<()>;

/// A callback with one more.
#[callback(Odd)]
pub async fn ask(handler: &[u8]) -> ::goplug::Result<u8>;

/// A contract.
#[::goplug::plugin]
pub trait Contract {
    /// With the prelude's names.
    #[method(name = "into")]
    async fn as_ref(&self, plugin: &str, call: u8) -> Result<u8>;

    /// And a callback.
    #[callback]
    async fn came(&self, handler: u8) -> ::goplug::Result<()>;
}

/// It fulfils the contract.
#[derive(::std::default::Default)]
pub struct Kept;

#[::goplug::plugin]
impl Contract for Kept {
    async fn as_ref(&self, plugin: &str, call: u8) -> Result<u8> {
        let _ = self.came(call).await;
        let _ = plugin;
        ::std::result::Result::Ok(call)
    }
}

#[method(Kept)]
fn own(bytes: &[u8]) -> ::std::vec::Vec<u8> {
    <[u8]>::to_vec(bytes)
}

fn main() {}
