//! The plugins that the tests of this package run, and what they ask of the system. There is nothing
//! here to use elsewhere.

pub mod fixtures;
pub mod system;
