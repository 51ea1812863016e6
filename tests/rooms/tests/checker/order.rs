//! Imports that point the wrong way.

use rooms::map::{Never, Rooms};
use rooms::rules;

use super::{HOUSE, krate, lines};

const ROOT: (&str, &str) = ("src/lib.rs", "mod attic;\nmod balcony;\nmod cellar;\nmod hall;");

fn house(attic: &str, balcony: &str, cellar: &str, hall: &str) -> Vec<String> {
    let krate = krate(&[
        ROOT,
        ("src/attic.rs", attic),
        ("src/balcony.rs", balcony),
        ("src/cellar.rs", cellar),
        ("src/hall.rs", hall),
    ]);
    lines(&rules::order(&krate, HOUSE, &[]))
}

#[test]
fn an_import_from_an_earlier_room_is_allowed() {
    let violations = house(
        "use crate::{cellar::Wine, hall::Coat};",
        "use super::hall;\nfn hang() { hall::hang(); }",
        "pub struct Wine;",
        "use crate::cellar::Wine;\npub struct Coat(Wine);\npub fn hang() {}",
    );
    assert_eq!(violations, [""; 0]);
}

#[test]
fn an_import_from_a_later_room_names_both_files_and_the_rule() {
    let violations = house("pub struct Roof;", "", "\nuse crate::attic::Roof;", "");
    let expected = "src/cellar.rs:2: imports `crate::attic::Roof` of src/attic.rs: \
                    in house `attic` comes after `cellar` in the order";
    assert_eq!(violations, [expected]);
}

#[test]
fn rooms_of_one_rank_never_import_each_other() {
    let violations = house("pub struct Roof;", "use super::attic::Roof;", "", "");
    let expected = "src/balcony.rs:1: imports `super::attic::Roof` of src/attic.rs: \
                    in house `balcony` and `attic` never import each other";
    assert_eq!(violations, [expected]);
}

#[test]
fn all_violations_are_reported_at_once() {
    let violations = house(
        "pub struct Roof;",
        "use crate::attic::Roof;",
        "use crate::hall::Coat;",
        "pub struct Coat;\nuse crate::attic::Roof;",
    );
    assert_eq!(violations.len(), 3, "{violations:#?}");
}

#[test]
fn a_re_export_does_not_hide_where_a_type_is_defined() {
    let krate = krate(&[
        ("src/lib.rs", "mod attic;\nmod cellar;\npub use attic::Roof;"),
        ("src/attic.rs", "pub struct Roof;"),
        ("src/cellar.rs", "use crate::Roof;"),
    ]);
    let violations = lines(&rules::order(&krate, HOUSE, &[]));
    assert_eq!(violations.len(), 1, "{violations:#?}");
    assert!(violations[0].starts_with("src/cellar.rs:1: imports `crate::Roof` of src/attic.rs"));
}

#[test]
fn an_import_through_a_later_room_of_what_an_earlier_one_defines_is_found() {
    let violations =
        house("pub use crate::cellar::Wine;", "", "pub struct Wine;", "use crate::attic::Wine;");
    assert_eq!(violations.len(), 1, "{violations:#?}");
    assert!(violations[0].starts_with("src/hall.rs:1: imports `crate::attic::Wine`"));
}

#[test]
fn a_path_in_a_function_counts_as_an_import() {
    let violations = house("pub fn climb() {}", "", "fn go() {\n    crate::attic::climb();\n}", "");
    assert_eq!(violations.len(), 1, "{violations:#?}");
    assert!(violations[0].starts_with("src/cellar.rs:2: imports `crate::attic::climb`"));
}

#[test]
fn the_order_within_a_room_is_checked_too() {
    let within = &[Rooms { of: "house/hall", order: &["floor", "lamp"] }];
    let krate = krate(&[
        ("src/lib.rs", "mod hall;"),
        ("src/hall/mod.rs", "mod floor;\nmod lamp;\npub use lamp::Lamp;"),
        ("src/hall/floor.rs", "use super::lamp::Lamp;"),
        ("src/hall/lamp.rs", "pub struct Lamp;"),
    ]);
    let violations = lines(&rules::order(&krate, within, &[]));
    assert_eq!(violations.len(), 1, "{violations:#?}");
    assert!(violations[0].contains("in house/hall `lamp` comes after `floor`"), "{violations:#?}");
}

#[test]
fn an_import_can_be_forbidden_although_the_order_allows_it() {
    let never =
        &[Never { room: "house/hall", imports: "house/cellar", because: "the door is locked" }];
    let krate = krate(&[
        ("src/lib.rs", "mod cellar;\nmod hall;"),
        ("src/cellar.rs", "pub struct Wine;"),
        ("src/hall.rs", "use crate::cellar::Wine;"),
    ]);
    let violations = lines(&rules::order(&krate, HOUSE, never));
    let expected = "src/hall.rs:1: imports `crate::cellar::Wine` of src/cellar.rs: \
                    house/hall never imports from house/cellar: the door is locked";
    assert_eq!(violations, [expected]);
}

#[test]
fn tests_and_links_in_the_documentation_may_import_anything() {
    let violations = house(
        "pub struct Roof;",
        "",
        "#[cfg(doc)]\nuse crate::attic::Roof;\n\
         #[cfg(all(test, unix))]\nmod tests {\n    use crate::attic::Roof;\n}\n\
         struct Floor;\nimpl Floor {\n    #[cfg(test)]\n    fn roof() -> crate::attic::Roof {}\n}",
        "#[cfg(any(test, doc))]\nfn roof() -> crate::attic::Roof {}",
    );
    assert_eq!(violations, [""; 0]);
}

#[test]
fn what_is_compiled_unless_it_is_a_test_is_checked() {
    let violations =
        house("pub struct Roof;", "", "#[cfg(not(test))]\nuse crate::attic::Roof;", "");
    assert_eq!(violations.len(), 1, "{violations:#?}");
}

#[test]
fn a_crate_gives_itself_no_name_outside_of_tests() {
    let violations = house("", "", "\nextern crate self as house;", "");
    let expected = "src/cellar.rs:2: `extern crate self` hides which room a path leads to: write \
                    `crate` in paths";
    assert_eq!(violations, [expected]);
    assert_eq!(house("", "", "#[cfg(test)]\nextern crate self as house;", ""), [""; 0]);
}

#[test]
fn a_room_that_the_map_does_not_name_is_a_violation() {
    let krate = krate(&[
        ("src/lib.rs", "mod cellar;\nmod shed;"),
        ("src/cellar.rs", ""),
        ("src/shed.rs", ""),
    ]);
    let violations = lines(&rules::unlisted(&krate, HOUSE));
    assert_eq!(violations, ["src/shed.rs:1: the map has no room `shed` in house"]);
}

#[test]
fn several_rooms_without_an_order_are_a_violation() {
    let krate = krate(&[
        ROOT,
        ("src/attic.rs", ""),
        ("src/balcony.rs", ""),
        ("src/cellar.rs", ""),
        ("src/hall.rs", ""),
    ]);
    let violations = lines(&rules::unlisted(&krate, &[]));
    assert_eq!(violations, ["src/lib.rs:1: the map has no order for the rooms of house"]);
}

#[test]
fn a_name_on_the_map_without_a_room_is_a_violation() {
    let krate = krate(&[
        ("src/lib.rs", "mod cellar;\nmod hall;"),
        ("src/cellar.rs", ""),
        ("src/hall.rs", ""),
    ]);
    let violations = lines(&rules::missing(&[krate], HOUSE));
    assert_eq!(violations.len(), 1, "{violations:#?}");
    assert!(violations[0].ends_with("house lacks rooms of the map: attic, balcony"));
}
