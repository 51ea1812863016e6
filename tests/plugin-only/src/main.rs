//! The smallest plugin, built with the feature `plugin` alone.

/// A plugin with one method.
#[goplug::plugin]
pub struct Least;

/// Returns its argument.
#[goplug::method(Least)]
pub fn same(text: String) -> String {
    text
}

goplug::main!(Least);
