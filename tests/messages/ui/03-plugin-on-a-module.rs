//! A module is not a plugin.

#[goplug::plugin]
mod calculator {}

fn main() {}
