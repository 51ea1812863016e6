//! The sources of this repository, held to the map and to the rules.

use std::path::Path;
use std::sync::LazyLock;

use rooms::checkout::{Checkout, Verdict};

/// Read once for all tests.
static CHECKOUT: LazyLock<Checkout> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Checkout::read(&root).unwrap()
});

#[track_caller]
fn assert_clean(verdict: &Verdict) {
    assert!(verdict.violations.is_empty(), "\n{verdict}");
}

#[test]
fn every_crate_of_the_repository_is_read() {
    assert_clean(&CHECKOUT.unread());
    let packages = [
        "adder-goplug",
        "goplug",
        "goplug-bench",
        "goplug-fuzz",
        "goplug-macros",
        "goplug-messages",
        "goplug-runtime",
        "goplug-tests",
        "plugin-only",
        "quickstart",
        "raw",
        "rooms",
        "site",
        "torture",
    ];
    for package in packages {
        let is_read = CHECKOUT.crates.iter().any(|krate| krate.package == package);
        assert!(is_read, "{package} is not read");
    }
}

#[test]
fn the_map_lists_the_rooms_that_there_are() {
    assert_clean(&CHECKOUT.map());
}

#[test]
fn a_room_imports_only_from_rooms_before_it() {
    assert_clean(&CHECKOUT.order());
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    assert_clean(&CHECKOUT.circles());
}

#[test]
fn only_transport_has_platform_code() {
    assert_clean(&CHECKOUT.platform());
}

#[test]
fn no_file_is_longer_than_400_lines() {
    assert_clean(&CHECKOUT.files());
}

#[test]
fn no_function_is_longer_than_50_lines() {
    assert_clean(&CHECKOUT.functions());
}

#[test]
fn no_old_name_is_left() {
    assert_clean(&CHECKOUT.words());
}
