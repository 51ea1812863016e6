//! Circles among the files of a crate.

use rooms::rules;

use super::{krate, lines};

fn circles(files: &[(&str, &str)]) -> Vec<String> {
    lines(&rules::circles(&krate(files)))
}

#[test]
fn two_files_that_import_each_other_are_reported_with_both_lines() {
    let circles = circles(&[
        ("src/lib.rs", "mod egg;\nmod hen;"),
        ("src/egg.rs", "use crate::hen::Hen;\npub struct Egg(Hen);"),
        ("src/hen.rs", "\nuse crate::egg::Egg;\npub struct Hen(Egg);"),
    ]);
    let expected = "src/egg.rs:1: imports `crate::hen::Hen` of src/hen.rs: that is a circle, of \
                    2 files in all: src/hen.rs:2 imports `crate::egg::Egg` of src/egg.rs";
    assert_eq!(circles, [expected]);
}

#[test]
fn a_circle_of_three_files_is_found_and_reported_once() {
    let circles = circles(&[
        ("src/lib.rs", "mod a;\nmod b;\nmod c;"),
        ("src/a.rs", "use crate::b::B;\npub struct A(B);"),
        ("src/b.rs", "use crate::c::C;\npub struct B(C);"),
        ("src/c.rs", "pub struct C(crate::a::A);"),
    ]);
    assert_eq!(circles.len(), 1, "{circles:#?}");
    for line in ["src/a.rs:1: imports `crate::b::B`", "src/b.rs:1 imports", "src/c.rs:1 imports"] {
        assert!(circles[0].contains(line), "{circles:#?}");
    }
}

#[test]
fn a_circle_through_a_re_export_is_found() {
    let circles = circles(&[
        ("src/lib.rs", "mod hen;\nmod nest;"),
        ("src/hen.rs", "use crate::nest::Egg;\npub struct Hen(Egg);"),
        ("src/nest/mod.rs", "mod egg;\npub use egg::Egg;"),
        ("src/nest/egg.rs", "use crate::hen::Hen;\npub struct Egg(Box<Hen>);"),
    ]);
    assert_eq!(circles.len(), 1, "{circles:#?}");
    assert!(circles[0].contains("`crate::nest::Egg` of src/nest/egg.rs"), "{circles:#?}");
}

#[test]
fn a_glob_counts_for_the_names_that_are_used() {
    let circles = circles(&[
        ("src/lib.rs", "mod hen;\nmod nest;"),
        ("src/hen.rs", "use crate::nest::*;\npub struct Hen(Egg);"),
        ("src/nest/mod.rs", "mod egg;\npub use egg::*;"),
        ("src/nest/egg.rs", "use crate::hen::Hen;\npub struct Egg(Box<Hen>);"),
    ]);
    assert_eq!(circles.len(), 1, "{circles:#?}");
    assert!(circles[0].contains("src/hen.rs:2: imports `Egg` of src/nest/egg.rs"), "{circles:#?}");
}

#[test]
fn a_module_and_its_parents_are_not_a_circle() {
    let circles = circles(&[
        ("src/lib.rs", "mod nest;\npub struct Straw;\npub use nest::Egg;"),
        ("src/nest/mod.rs", "mod egg;\npub use egg::Egg;\npub struct Nest(Egg);"),
        (
            "src/nest/egg.rs",
            "use super::Nest;\nuse crate::Straw;\npub struct Egg(Box<Nest>, Straw);",
        ),
    ]);
    assert_eq!(circles, [""; 0]);
}

#[test]
fn a_circle_through_tests_is_not_reported() {
    let circles = circles(&[
        ("src/lib.rs", "mod egg;\nmod hen;"),
        ("src/egg.rs", "pub struct Egg;\n#[cfg(test)]\nmod tests;"),
        ("src/egg/tests.rs", "use crate::hen::Hen;"),
        ("src/hen.rs", "use crate::egg::Egg;\npub struct Hen(Egg);"),
    ]);
    assert_eq!(circles, [""; 0]);
}

#[test]
fn re_exports_in_a_circle_are_followed_once() {
    let circles = circles(&[
        ("src/lib.rs", "mod a;\nmod b;"),
        ("src/a.rs", "pub use crate::b::*;\npub use crate::b::Lost;"),
        ("src/b.rs", "pub use crate::a::*;\npub use crate::a::Lost;"),
    ]);
    assert_eq!(circles.len(), 1, "{circles:#?}");
}
