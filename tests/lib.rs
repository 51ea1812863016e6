//! The plugins that the tests of this package run. There is nothing here to use elsewhere.

pub mod fixtures;
