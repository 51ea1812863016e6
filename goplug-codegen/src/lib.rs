//! Typed Rust clients of plugins in any language, made from their descriptors.
//!
//! A plugin's `.pconf`, and what `PROGRAM describe` prints, say which methods and callbacks the
//! plugin has, and have the schemas of their types. A [`Generator`] makes of them what
//! `#[goplug::plugin]` makes of a contract: a client, a blocking client, functions that listen to
//! callbacks, and the types that are exchanged. `goplug::client!` does the same within the
//! sources of a host.
//!
//! # In a build script
//! ```no_run
//! // build.rs, with goplug-codegen among the build-dependencies
//! fn main() -> Result<(), goplug_codegen::Error> {
//!     goplug_codegen::Generator::new().build("plugins/acme.Report.pconf")
//! }
//! ```
//!
//! ```text
//! // src/main.rs: has the module `report` with `ReportClient` and the plugin's types
//! include!(concat!(env!("OUT_DIR"), "/acme.Report.rs"));
//! ```
//!
//! # What is generated
//! One module with the plugin's name, `report` for `acme.Report`. In it:
//!
//! | item | for |
//! |---|---|
//! | a type for each schema with a name | parameters, results, errors, in what they are made of |
//! | `trait Report` | a contract with the plugin's methods and callbacks: a test's plugin can fulfil it |
//! | `DESCRIPTOR` | what the plugin said of itself, as JSON: its clients need that |
//! | `ReportClient`, `ReportBlockingClient` | the plugin: `registry.client::<ReportClient>()` |
//!
//! The code needs no crate but `goplug`, with its feature `host`.
//!
//! # What the types are
//! Structs, enums, tuples, lists, maps and options, as [typify](https://docs.rs/typify) makes them.
//! A `format`, `pattern` or length of a text is left to the plugin, which knows it: the type is a
//! `String`. A member without a schema has the type that its spelling names, if that is a plain type of
//! Rust such as `i64` or `Vec<String>`. Any other member is an error that names it, unless
//! [`Generator::fallback_to_value`] or [`Generator::value_for`] makes it a `serde_json::Value`.
//!
//! All types can be cloned, compared and shown by `Debug`. An array of more than 32 items is a `Vec`,
//! since serde takes no longer ones. An error are tuples of more than 12 parts, and a definition that
//! is made of itself, without a property or an item between.
//!
//! # What is read and written
//! A field with a default may be missing in what a plugin reads, and is always there in what it
//! writes; so a descriptor may have two definitions of one type, `Item` and `Item.written`. If they
//! differ in nothing but that, they and all that refers to them are one type, `Item`, and the client
//! sends every field. If they differ otherwise, there are two: `Item`, which the client sends, and
//! `ItemWritten`, which it receives. They do so if a field or variant is left out on one side, if its
//! type is another there, and if a field that has to be sent is not always received.
//!
//! # Names
//! Wire names that Rust does not allow, or that clients use otherwise, are changed, and stay what
//! they are on the wire: `dry-run` is `dry_run`, `type` is `type_`, `plugin` is `plugin_`. Where two
//! names of types, fields or variants would be one, one of them gets a number: the fields `a_b` and
//! `a-b` are `a_b` and `a_b2`. A module is not called like a crate: for a plugin `goplug` it is `goplug_`.
//!
//! # What is checked when a client is bound
//! The same as for a contract in Rust. The generated contract states the spellings of the
//! descriptor that it was made from, so the fingerprints of the plugin are those of the client for as
//! long as the plugin's signatures are the same. It states the schemas as well, for a plugin whose
//! signatures have changed.

mod aliases;
mod contract;
mod cycles;
mod definitions;
mod docs;
mod error;
mod forms;
mod generator;
mod kinds;
mod member;
mod names;
mod rewrite;
mod roles;
mod source;
mod spelling;
mod tidy;
mod tokens;
mod trial;

pub use error::Error;
pub use generator::Generator;
