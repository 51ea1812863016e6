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
//! # Names
//! Wire names that Rust does not allow, or that clients use otherwise, are changed, and stay what
//! they are on the wire: `dry-run` is `dry_run`, `type` is `type_`, `plugin` is `plugin_`.
//!
//! # What is checked when a client is bound
//! The same as for a contract in Rust. The generated contract states the spellings of the
//! descriptor that it was made from, so the fingerprints of the plugin are those of the client for as
//! long as the plugin's signatures are the same. It states the schemas as well, for a plugin whose
//! signatures have changed.

mod contract;
mod definitions;
mod docs;
mod error;
mod generator;
mod member;
mod names;
mod rewrite;
mod source;
mod spelling;
mod tidy;
mod trial;

pub use error::Error;
pub use generator::Generator;
