//! Checks that the rooms of this repository are in order.
//!
//! [`map`] says which rooms there are and in which order, and is the place to start reading;
//! [`words`] says which names are gone. The rest reads the sources: [`packages`] finds the
//! crates, [`modules`] reads a crate's files along its `mod` lines, [`uses`] and [`mentions`]
//! collect the paths that a file writes, [`resolve`] follows a path to the file that defines
//! what it names, [`graph`] turns the paths into arrows between files and finds circles, and
//! [`size`] counts lines.
//! [`rules`] and [`platform`] check one crate, [`checkout`] the whole repository.
//!
//! `cargo run -p rooms` prints the rooms of every crate and what breaks a rule; if anything
//! does, the tests fail.

pub mod checkout;
pub mod error;
pub mod graph;
pub mod map;
pub mod mentions;
pub mod modules;
pub mod packages;
pub mod platform;
pub mod report;
pub mod resolve;
pub mod rules;
pub mod size;
pub mod uses;
pub mod words;
pub mod written;
