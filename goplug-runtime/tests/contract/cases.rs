//! The changes that led to this table: each passed the check of spelled signatures.

use goplug_runtime::contract::Verdict::{Compatible, Incompatible, Lossy, Same};

use crate::evolution::Wire::{Arrives, Lost, Refused};
use crate::evolution::{argument, result};

#[test]
fn a_field_that_is_renamed_and_has_a_default_is_lossy_and_both_names_are_said() {
    types! {
        struct Old { dry_run: bool }
        struct New { #[serde(default)] simulate: bool }
    }
    let member = argument::<Old, New>(Old { dry_run: true }, Lossy, Lost);
    let [difference] = &member.differences[..] else { panic!("{member}") };
    assert_eq!(difference.at, "value.dry_run");
    assert!(difference.client.contains("dry_run"), "{member}");
    assert!(difference.plugin.contains("simulate"), "{member}");
    assert_eq!(difference.used_by, ["Old (client), New (plugin)"]);
}

#[test]
fn an_option_that_is_renamed_is_lossy() {
    types! {
        struct Old { limit: Option<u32> }
        struct New { max: Option<u32> }
    }
    argument::<Old, New>(Old { limit: Some(5) }, Lossy, Lost);
    result::<Old, New>(Old { limit: Some(5) }, Lossy, Lost);
}

/// No schema can see it: both are two numbers.
#[test]
fn a_tuple_whose_places_are_swapped_is_the_same() {
    types! {
        struct LatLon(f64, f64);
        struct LonLat(f64, f64);
    }
    argument::<LatLon, LonLat>(LatLon(1.5, 2.5), Same, Arrives);
}

#[test]
fn an_integer_that_becomes_a_float_is_incompatible_in_a_result_and_a_callback() {
    types! {
        struct Old { size: u64 }
        struct New { size: f64 }
    }
    result::<New, Old>(New { size: 1.5 }, Incompatible, Refused);
    // The other way, a float reads integers, up to a size.
    argument::<Old, New>(Old { size: 9_007_199_254_740_993 }, Lossy, Lost);
}

#[test]
fn an_alias_of_another_type_is_incompatible() {
    result::<f32, u64>(1.5, Incompatible, Refused);
}

#[test]
fn a_new_required_field_of_an_argument_is_incompatible() {
    types! {
        struct Old { a: u8 }
        struct New { a: u8, b: u8 }
    }
    argument::<Old, New>(Old { a: 1 }, Incompatible, Refused);
}

#[test]
fn a_new_field_of_a_result_is_compatible() {
    types! {
        struct New { a: u8, b: u8 }
        struct Old { a: u8 }
    }
    result::<New, Old>(New { a: 1, b: 2 }, Compatible, Lost);
}

#[test]
fn a_new_variant_of_a_result_is_lossy_and_named() {
    types! {
        enum New { A, B(u8), C }
        enum Old { A, B(u8) }
    }
    let member = result::<New, Old>(New::C, Lossy, Refused);
    assert!(member.differences[0].effect.contains("`C`"), "{member}");
    result::<New, Old>(New::B(1), Lossy, Arrives);
}

#[test]
fn a_variant_of_a_result_that_is_renamed_is_incompatible() {
    types! {
        enum New { A, Z }
        enum Old { A, B }
    }
    let member = result::<New, Old>(New::Z, Incompatible, Refused);
    assert!(member.differences[0].advice.contains("`B`"), "{member}");
}

#[test]
fn two_types_of_one_name_are_compared_by_their_fields() {
    mod a {
        types! { pub(crate) struct Config { pub(crate) a: u8 } }
    }
    mod b {
        types! { pub(crate) struct Config { pub(crate) b: u8 } }
    }
    argument::<a::Config, b::Config>(a::Config { a: 1 }, Incompatible, Refused);
}

#[test]
fn unknown_fields_that_are_denied_are_incompatible() {
    types! {
        struct Old { a: u8, extra: u8 }
        #[serde(deny_unknown_fields)]
        struct New { a: u8 }
    }
    argument::<Old, New>(Old { a: 1, extra: 2 }, Incompatible, Refused);
}

#[test]
fn a_narrower_integer_is_incompatible_and_a_wider_one_compatible() {
    argument::<i64, u32>(-1, Incompatible, Refused);
    argument::<u32, i64>(7, Compatible, Arrives);
}

#[test]
fn an_untagged_enum_that_becomes_internally_tagged_is_incompatible() {
    types! {
        #[serde(untagged)]
        enum Old { A { x: u8 }, B { y: u8 } }
        #[serde(tag = "type")]
        enum New { A { x: u8 }, B { y: u8 } }
    }
    argument::<Old, New>(Old::A { x: 1 }, Incompatible, Refused);
}
