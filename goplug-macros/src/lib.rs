//! The attribute macros of goplug. Users reach them through the `goplug` crate.
