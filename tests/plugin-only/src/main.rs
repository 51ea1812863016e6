//! The smallest plugin, built with the feature `plugin` alone.

/// Does the least that a plugin can do.
#[goplug::plugin]
pub struct Least;

/// Answers what it is given.
#[goplug::method(Least)]
pub fn same(text: String) -> String {
    text
}

goplug::main!(Least);
