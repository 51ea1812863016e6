//! A host that knows its plugins by their descriptors only: one in Rust, whose package it does not
//! depend on, and one in Python.

#![deny(warnings, missing_docs)]

goplug::client!("plugins/acme.Report.json");
goplug::client!(pub mod python = "plugins/acme.Stock.json");
// A plugin that is called like the crate, with types of all kinds that there are.
goplug::client!("plugins/odd.goplug.json");
