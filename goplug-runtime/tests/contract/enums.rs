//! Enums, in all four of serde's representations.

use goplug_runtime::contract::Verdict::{Compatible, Incompatible, Lossy, Same, Unknown};

use crate::evolution::Wire::{Arrives, Lost, Refused};
use crate::evolution::{argument, result};

#[test]
fn an_enum_is_the_same_as_itself_in_every_representation() {
    types! {
        enum External { Unit, One(u8), Two(u8, String), Fields { a: u8, b: Option<u8> } }
        #[serde(tag = "type")]
        enum Internal { Unit, Fields { a: u8 }, More { a: String } }
        #[serde(tag = "t", content = "c")]
        enum Adjacent { Unit, One(u8), Two(u8, String), Fields { a: u8 } }
        #[serde(untagged)]
        enum Untagged { One(u8), Two(u8, String), Fields { a: u8 }, Text(String) }
    }
    argument::<External, External>(External::Two(1, "x".into()), Same, Arrives);
    argument::<Internal, Internal>(Internal::Fields { a: 1 }, Same, Arrives);
    argument::<Adjacent, Adjacent>(Adjacent::Two(1, "x".into()), Same, Arrives);
    argument::<Untagged, Untagged>(Untagged::Two(1, "x".into()), Same, Arrives);
    result::<Untagged, Untagged>(Untagged::Fields { a: 1 }, Same, Arrives);
}

#[test]
fn a_variant_that_only_the_client_has_is_incompatible() {
    types! {
        enum Old { A, B }
        enum New { A }
        enum OldData { A(u8), B(u8) }
        enum NewData { A(u8) }
    }
    let member = argument::<Old, New>(Old::B, Incompatible, Refused);
    assert_eq!(member.differences[0].witness, Some(serde_json::json!({"value": "B"})));
    argument::<OldData, NewData>(OldData::B(1), Incompatible, Refused);
}

#[test]
fn a_variant_that_only_the_plugin_reads_is_compatible() {
    types! {
        enum Old { A }
        enum New { A, B, C(u8) }
    }
    argument::<Old, New>(Old::A, Compatible, Arrives);
    result::<Old, New>(Old::A, Compatible, Arrives);
}

#[test]
fn the_order_of_variants_is_no_difference() {
    types! {
        enum Old { A, B(u8), C { x: u8 } }
        enum New { C { x: u8 }, B(u8), A }
    }
    argument::<Old, New>(Old::C { x: 1 }, Same, Arrives);
}

#[test]
fn documentation_of_a_variant_is_no_difference() {
    types! {
        enum Old { A, B }
        enum New {
            /// The first.
            A,
            /// The second.
            B,
        }
    }
    argument::<Old, New>(Old::B, Same, Arrives);
    argument::<New, Old>(New::B, Same, Arrives);
}

#[test]
fn a_unit_variant_that_gets_a_content_is_incompatible() {
    types! {
        enum Old { A, B }
        enum New { A, B(u8) }
    }
    argument::<Old, New>(Old::B, Incompatible, Refused);
    result::<New, Old>(New::B(1), Incompatible, Refused);
}

#[test]
fn a_content_that_changes_is_found_within_its_variant() {
    types! {
        enum Old { A(u8), B { x: u64 } }
        enum New { A(u8), B { x: u8 } }
        #[serde(tag = "kind")]
        enum OldTagged { A { x: u64 }, B { x: u64 } }
        #[serde(tag = "kind")]
        enum NewTagged { A { x: u64 }, B { x: u8 } }
    }
    let member = argument::<Old, New>(Old::B { x: 300 }, Incompatible, Refused);
    assert_eq!(member.differences[0].at, "value.B.x");
    let old = OldTagged::B { x: 300 };
    let member = argument::<OldTagged, NewTagged>(old, Incompatible, Refused);
    assert_eq!(member.differences[0].at, "value.x");
    assert!(member.differences[0].used_by.contains(&"variant B".to_owned()), "{member}");
}

#[test]
fn each_representation_is_incompatible_with_every_other() {
    types! {
        enum External { A { x: u8 }, B { y: u8 } }
        #[serde(tag = "type")]
        enum Internal { A { x: u8 }, B { y: u8 } }
        #[serde(tag = "type", content = "content")]
        enum Adjacent { A { x: u8 }, B { y: u8 } }
        #[serde(untagged)]
        enum Untagged { A { x: u8 }, B { y: u8 } }
    }
    argument::<External, Internal>(External::A { x: 1 }, Incompatible, Refused);
    argument::<External, Adjacent>(External::A { x: 1 }, Incompatible, Refused);
    argument::<External, Untagged>(External::A { x: 1 }, Incompatible, Refused);
    argument::<Internal, External>(Internal::A { x: 1 }, Incompatible, Refused);
    argument::<Internal, Adjacent>(Internal::A { x: 1 }, Incompatible, Refused);
    argument::<Adjacent, External>(Adjacent::A { x: 1 }, Incompatible, Refused);
    argument::<Adjacent, Internal>(Adjacent::A { x: 1 }, Incompatible, Refused);
    argument::<Adjacent, Untagged>(Adjacent::A { x: 1 }, Incompatible, Refused);
    argument::<Untagged, External>(Untagged::A { x: 1 }, Incompatible, Refused);
}

/// The tag is a field that the untagged enum does not read.
#[test]
fn an_internal_tag_that_is_removed_is_lossy() {
    types! {
        #[serde(tag = "type")]
        enum Old { A { x: u8 }, B { y: u8 } }
        #[serde(untagged)]
        enum New { A { x: u8 }, B { y: u8 } }
    }
    argument::<Old, New>(Old::A { x: 1 }, Lossy, Lost);
}

#[test]
fn a_tag_that_is_renamed_is_incompatible() {
    types! {
        #[serde(tag = "type")]
        enum Old { A { x: u8 }, B { y: u8 } }
        #[serde(tag = "kind")]
        enum New { A { x: u8 }, B { y: u8 } }
        #[serde(tag = "t", content = "c")]
        enum OldContent { A(u8), B(u8) }
        #[serde(tag = "t", content = "content")]
        enum NewContent { A(u8), B(u8) }
    }
    argument::<Old, New>(Old::A { x: 1 }, Incompatible, Refused);
    argument::<OldContent, NewContent>(OldContent::A(1), Incompatible, Refused);
}

#[test]
fn a_new_variant_of_a_result_is_lossy_in_every_representation() {
    mod new {
        types! {
            #[serde(tag = "type")]
            pub(super) enum Internal { A { x: u8 }, B { x: u8 } }
            #[serde(tag = "t", content = "c")]
            pub(super) enum Adjacent { A(u8), B(u8) }
            #[serde(untagged)]
            pub(super) enum Untagged { A(u8), B(String), C(Vec<u8>) }
        }
    }
    types! {
        #[serde(tag = "type")]
        enum Internal { A { x: u8 } }
        #[serde(tag = "t", content = "c")]
        enum Adjacent { A(u8) }
        #[serde(untagged)]
        enum Untagged { A(u8), B(String) }
    }
    result::<new::Internal, Internal>(new::Internal::B { x: 1 }, Lossy, Refused);
    result::<new::Adjacent, Adjacent>(new::Adjacent::B(1), Lossy, Refused);
    result::<new::Untagged, Untagged>(new::Untagged::C(vec![]), Lossy, Refused);
}

#[test]
fn a_variant_with_content_that_is_renamed_is_incompatible() {
    types! {
        enum Old { Text(String), Number(u8) }
        enum New { Text(String), Count(u8) }
    }
    let member = result::<New, Old>(New::Count(1), Incompatible, Refused);
    assert!(member.to_string().contains("`Number`"), "{member}");
    argument::<Old, New>(Old::Number(1), Incompatible, Refused);
}

#[test]
fn an_error_that_loses_a_variant_is_compatible() {
    types! {
        enum New { NotFound }
        enum Old { NotFound, Busy }
    }
    result::<New, Old>(New::NotFound, Compatible, Arrives);
}

#[test]
fn a_string_that_becomes_an_enum_is_incompatible_and_the_other_way_compatible() {
    types! { enum Level { Low, High } }
    argument::<String, Level>("middle".into(), Incompatible, Refused);
    argument::<Level, String>(Level::Low, Compatible, Arrives);
}

#[test]
fn untagged_alternatives_are_read_in_their_order() {
    types! {
        #[serde(untagged)]
        enum Old { Full { a: u8, b: u8 } }
        #[serde(untagged)]
        enum New { Short { a: u8 }, Full { a: u8, b: u8 } }
        #[serde(untagged)]
        enum Right { Full { a: u8, b: u8 }, Short { a: u8 } }
    }
    argument::<Old, New>(Old::Full { a: 1, b: 2 }, Lossy, Lost);
    argument::<Old, Right>(Old::Full { a: 1, b: 2 }, Compatible, Arrives);
}

#[test]
fn an_untagged_alternative_that_takes_some_values_is_unknown() {
    types! {
        #[serde(untagged)]
        enum Old { Full { a: u32, b: u8 } }
        #[serde(untagged)]
        enum New { Short { a: u8 }, Full { a: u32, b: u8 } }
    }
    argument::<Old, New>(Old::Full { a: 1, b: 2 }, Unknown, Lost);
}

#[test]
fn an_untagged_enum_reads_one_of_its_types() {
    types! {
        #[serde(untagged)]
        enum Either { Number(i64), Text(String) }
    }
    argument::<String, Either>("x".into(), Compatible, Arrives);
    argument::<i64, Either>(1, Compatible, Arrives);
    argument::<bool, Either>(true, Incompatible, Refused);
    argument::<Either, String>(Either::Number(1), Incompatible, Refused);
}

#[test]
fn a_newtype_variant_of_an_internal_tag_has_the_fields_of_its_content() {
    types! {
        struct Content { x: u8 }
        #[serde(tag = "type")]
        enum Old { A(Content), B }
        #[serde(tag = "type")]
        enum New { A { x: u8 }, B }
    }
    argument::<Old, New>(Old::A(Content { x: 1 }), Same, Arrives);
    argument::<New, Old>(New::B, Same, Arrives);
}

#[test]
fn a_flattened_enum_is_compared() {
    types! {
        #[serde(tag = "kind")]
        enum Kind { A { x: u8 }, B { y: u8 } }
        #[serde(tag = "kind")]
        enum Fewer { A { x: u8 } }
        struct Old { id: u8, #[serde(flatten)] kind: Kind }
        struct New { id: u8, #[serde(flatten)] kind: Fewer }
    }
    let old = Old { id: 1, kind: Kind::B { y: 2 } };
    argument::<Old, Old>(old.clone(), Same, Arrives);
    argument::<Old, New>(old, Incompatible, Refused);
    result::<New, Old>(New { id: 1, kind: Fewer::A { x: 1 } }, Compatible, Arrives);
}

#[test]
fn variants_are_renamed_by_rename_all() {
    types! {
        enum Old { NotFound }
        #[serde(rename_all = "snake_case")]
        enum New { NotFound }
    }
    argument::<Old, New>(Old::NotFound, Incompatible, Refused);
    result::<New, Old>(New::NotFound, Incompatible, Refused);
}

/// The one ignores what it does not know, the other refuses it, and their schemas are alike.
#[test]
fn a_tagged_unit_variant_that_gets_a_content_is_unknown_in_a_result() {
    mod new {
        types! {
            #[serde(tag = "t", content = "c")]
            pub(super) enum Adjacent { A(u8) }
            #[serde(tag = "t")]
            pub(super) enum Internal { A { c: u8 } }
        }
    }
    types! {
        #[serde(tag = "t", content = "c")]
        enum Adjacent { A }
        #[serde(tag = "t")]
        enum Internal { A }
    }
    result::<new::Adjacent, Adjacent>(new::Adjacent::A(1), Unknown, Refused);
    result::<new::Internal, Internal>(new::Internal::A { c: 1 }, Unknown, Lost);
}

/// A variant that both sides have is not said to be renamed into itself.
#[test]
fn a_variant_whose_shape_changes_is_named_with_both_shapes() {
    mod tagged {
        types! {
            #[serde(tag = "t")]
            pub(super) enum Internal { A, B { x: u8 } }
            #[serde(tag = "t", content = "c")]
            pub(super) enum Adjacent { A, B(u8) }
        }
    }
    types! {
        enum Unit { A, B }
        enum Content { A(u8), B }
        enum External { A, B { x: u8 } }
    }
    for (member, words) in [
        (argument::<Unit, Content>(Unit::A, Incompatible, Refused), "`A`, a string"),
        (result::<Content, Unit>(Content::A(1), Incompatible, Refused), "`A`, a string"),
        (
            argument::<External, tagged::Internal>(External::A, Incompatible, Refused),
            "`A`, the value of the key `t`",
        ),
        (
            result::<tagged::Internal, External>(tagged::Internal::A, Incompatible, Refused),
            "`B`, the only key of an object",
        ),
        (
            argument::<External, tagged::Adjacent>(External::A, Incompatible, Refused),
            "`B`, the only key of an object",
        ),
    ] {
        let text = member.to_string();
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("renamed") && !text.contains("no variant"), "{text}");
    }
}

#[test]
fn a_result_within_a_type_is_compared_by_its_two_sides() {
    types! {
        struct Old { a: Result<u8, String> }
        struct New { a: Result<u8, u8> }
    }
    let old = Old { a: Err("x".into()) };
    let text = argument::<Old, New>(old, Incompatible, Refused).to_string();
    assert!(text.contains("value.a.Err") && text.contains("string"), "{text}");
    assert!(!text.contains("renamed"), "{text}");
}

#[test]
fn what_may_be_null_is_said_where_null_is_not_read() {
    let text = result::<Option<u32>, u32>(None, Incompatible, Refused).to_string();
    assert!(text.contains("u32 | null"), "{text}");
}
