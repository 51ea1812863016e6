//! Nothing to use: this package is its tests, and the plugins that they run.

pub mod fixtures;
