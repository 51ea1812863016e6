//! Which file a path leads to.

use rooms::graph::Graph;
use rooms::modules::Crate;

use super::krate;

/// Each arrow as `from to`.
fn arrows(krate: &Crate) -> Vec<String> {
    let path = |file: usize| krate.files[file].path.display();
    let arrows = Graph::of(krate).defining;
    arrows.iter().map(|arrow| format!("{} {}", path(arrow.from), path(arrow.to))).collect()
}

/// The arrows between `src/one.rs` and `src/two.rs`, which defines `Two` and `two`.
fn arrows_of(one: &str) -> Vec<String> {
    let two = "pub struct Two;\npub fn two() {}\npub const TWO: u8 = 2;";
    arrows(&krate(&[
        ("src/lib.rs", "mod one;\nmod two;"),
        ("src/one.rs", one),
        ("src/two.rs", two),
    ]))
}

const FOUND: [&str; 1] = ["src/one.rs src/two.rs"];

#[test]
fn every_way_to_spell_an_import_is_followed() {
    for import in [
        "use crate::two::Two;",
        "use crate::{two::{Two as Second}};",
        "use super::two::{self};",
        "use super::two as second;",
        "use crate::two::Two as _;",
        "pub(crate) use self::super::two::*;",
        "fn f() { use crate::two::two; }",
    ] {
        assert_eq!(arrows_of(import), FOUND, "{import}");
    }
}

#[test]
fn paths_in_types_expressions_and_patterns_are_followed() {
    for item in [
        "struct One(Vec<Option<crate::two::Two>>);",
        "fn one<T: From<super::two::Two>>() {}",
        "impl Clone for crate::two::Two {}",
        "fn one() { let _ = [crate::two::TWO; 2]; }",
        "fn one(n: u8) { match n { crate::two::TWO => {} _ => {} } }",
        "fn one() { <crate::two::Two as Clone>::clone(); }",
    ] {
        assert_eq!(arrows_of(item), FOUND, "{item}");
    }
}

#[test]
fn paths_in_the_tokens_of_macros_are_followed() {
    for item in [
        "fn one() { println!(\"{}\", crate::two::TWO); }",
        "fn one() { assert!(matches!(1, super::two::TWO)); }",
        "macro_rules! one { () => { $crate::two::two() } }",
        "#[derive(crate::two::Two)] struct One;",
    ] {
        assert_eq!(arrows_of(item), FOUND, "{item}");
    }
}

#[test]
fn paths_in_the_strings_of_attributes_are_followed() {
    for item in [
        "struct One(#[serde(with = \"crate::two\")] u8);",
        "struct One { #[serde(serialize_with = \"super::two::two\")] one: u8 }",
        "#[cfg_attr(feature = \"x\", serde(from = \"crate::two::Two\"))] struct One;",
    ] {
        assert_eq!(arrows_of(item), FOUND, "{item}");
    }
}

#[test]
fn other_strings_are_not_taken_for_paths() {
    for item in [
        "/// crate::two::Two\nstruct One;",
        "#[cfg_attr(test, serde(from = \"crate::two::Two\"))] struct One;",
        "#[deprecated(note = \"use crate::two::Two\")] struct One;",
        "const ONE: &str = \"crate::two::Two\";",
    ] {
        assert_eq!(arrows_of(item), [""; 0], "{item}");
    }
}

#[test]
fn what_a_macro_quotes_is_code_of_another_crate() {
    assert_eq!(arrows_of("fn one() { quote!(crate::two::Two); }"), [""; 0]);
}

#[test]
fn paths_of_other_crates_are_not_taken_for_modules() {
    for item in [
        "use ::two::Two;",
        "use two::Two;",
        "fn one() -> two::Two {}",
        "pub(in crate::two) struct One;",
    ] {
        assert_eq!(arrows_of(item), [""; 0], "{item}");
    }
}

#[test]
fn an_unknown_name_is_taken_for_the_named_modules_own() {
    assert_eq!(arrows_of("use crate::two::MadeByAMacro;"), FOUND);
}

#[test]
fn a_module_is_found_where_its_path_attribute_says() {
    let krate = krate(&[
        ("src/lib.rs", "#[path = \"other/place.rs\"]\nmod one;\nmod two { pub mod three; }"),
        ("src/other/place.rs", "mod beside;\nuse beside::Beside;\nuse crate::two::three::Three;"),
        ("src/other/beside.rs", "pub struct Beside;"),
        ("src/two/three.rs", "pub struct Three;"),
    ]);
    let expected =
        ["src/other/place.rs src/other/beside.rs", "src/other/place.rs src/two/three.rs"];
    assert_eq!(arrows(&krate), expected);
}

#[test]
fn an_inline_module_belongs_to_its_file() {
    let krate = krate(&[
        ("src/lib.rs", "mod one;\nmod two;"),
        ("src/one.rs", "mod inner {\n    use super::super::two::Two;\n}"),
        ("src/two.rs", "pub use inner::Two;\nmod inner {\n    pub struct Two;\n}"),
    ]);
    assert_eq!(arrows(&krate), FOUND);
}
