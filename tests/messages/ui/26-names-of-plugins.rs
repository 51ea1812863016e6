//! The alphabet of plugin names.

#[goplug::plugin(name = "../calculator")]
struct One;

#[goplug::plugin(name = "")]
struct Two;

#[goplug::plugin(namespace = "a/b")]
struct Three;

#[goplug::plugin]
struct Größe;

fn main() {}
