//! What the macros say about code that cannot be right, and that they say nothing
//! about code that is.
//!
//! One idea per case. `ui/NN-slug.rs` must not compile, and `NN-slug.stderr` is
//! what the user reads; everything in `ui/pass` must compile. The messages are
//! those of Rust 1.95: another compiler words its own part differently. After a change
//! of a message, `TRYBUILD=overwrite cargo test -p goplug-messages` writes the
//! files anew; read the difference.

#[test]
fn mistakes_are_explained_where_they_are_made() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*.rs");
}

#[test]
fn odd_code_that_is_right_compiles() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
}
