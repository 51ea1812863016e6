//! A version is semantic, a URL has no path.

#[goplug::plugin(version = "1.0")]
struct One;

#[goplug::plugin(version = "01.0.0-")]
struct Two;

#[goplug::plugin(url = "calculator")]
struct Three;

#[goplug::plugin(url = "unix://calculator/socket")]
struct Four;

fn main() {}
