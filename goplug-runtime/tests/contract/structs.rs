//! Structs: fields that come, go and change.

use std::collections::BTreeMap;

use goplug_runtime::contract::Verdict::{Compatible, Incompatible, Lossy, Same, Unknown};

use crate::evolution::Wire::{Arrives, Lost, Refused};
use crate::evolution::{argument, result};

#[test]
fn the_same_type_is_the_same_with_all_that_serde_does() {
    types! {
        struct Inner { a: Option<u8>, #[serde(default)] b: String }
        #[serde(rename_all = "camelCase")]
        struct Type {
            some_field: Option<Inner>,
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            some_list: Vec<Inner>,
            #[serde(rename = "type")]
            kind: u32,
            #[serde(flatten)]
            rest: Inner,
            #[serde(skip)]
            hidden: u8,
        }
    }
    let inner = Inner { a: Some(1), b: "b".into() };
    let value = Type {
        some_field: Some(inner.clone()),
        some_list: vec![inner.clone()],
        kind: 3,
        rest: inner,
        hidden: 0,
    };
    argument::<Type, Type>(value.clone(), Same, Arrives);
    result::<Type, Type>(value, Same, Arrives);
}

#[test]
fn a_field_that_the_plugin_no_longer_reads_is_lossy() {
    types! {
        struct Old { a: u8, b: u8 }
        struct New { a: u8 }
    }
    let member = argument::<Old, New>(Old { a: 1, b: 2 }, Lossy, Lost);
    assert_eq!(member.differences[0].at, "value.b");
}

#[test]
fn a_new_optional_field_of_an_argument_is_compatible() {
    types! {
        struct Old { a: u8 }
        struct New { a: u8, b: Option<u8> }
        struct Defaulted { a: u8, #[serde(default)] b: u8 }
    }
    argument::<Old, New>(Old { a: 1 }, Compatible, Arrives);
    argument::<Old, Defaulted>(Old { a: 1 }, Compatible, Arrives);
}

#[test]
fn a_field_that_a_result_no_longer_has_is_incompatible_if_the_client_needs_it() {
    types! {
        struct New { a: u8 }
        struct Old { a: u8, b: u8 }
        struct Lenient { a: u8, b: Option<u8> }
    }
    result::<New, Old>(New { a: 1 }, Incompatible, Refused);
    result::<New, Lenient>(New { a: 1 }, Compatible, Arrives);
}

#[test]
fn a_required_field_that_is_renamed_is_incompatible_and_both_names_are_said() {
    types! {
        struct Old { colour: String }
        struct New { color: String }
    }
    for member in [
        argument::<Old, New>(Old { colour: "red".into() }, Incompatible, Refused),
        result::<New, Old>(New { color: "red".into() }, Incompatible, Refused),
    ] {
        let text = member.to_string();
        assert!(text.contains("colour") && text.contains("color`"), "{text}");
    }
}

#[test]
fn a_field_that_is_renamed_for_serde_only_is_the_same() {
    types! {
        struct Old { old: u8 }
        struct New { #[serde(rename = "old")] new: u8 }
    }
    argument::<Old, New>(Old { old: 1 }, Same, Arrives);
}

#[test]
fn a_renaming_of_all_fields_is_a_renaming() {
    types! {
        struct Old { dry_run: bool }
        #[serde(rename_all = "camelCase")]
        struct New { dry_run: bool }
    }
    argument::<Old, New>(Old { dry_run: true }, Incompatible, Refused);
}

#[test]
fn a_field_that_may_be_left_out_is_incompatible_where_it_is_needed() {
    types! {
        struct Old { #[serde(skip_serializing_if = "String::is_empty", default)] a: String }
        struct New { a: String }
    }
    argument::<Old, New>(Old { a: String::new() }, Incompatible, Refused);
    argument::<New, Old>(New { a: "a".into() }, Same, Arrives);
}

#[test]
fn a_null_is_not_an_absent_field() {
    types! {
        struct Old { a: Option<u8> }
        struct New { #[serde(default)] a: u8 }
    }
    argument::<Old, New>(Old { a: None }, Incompatible, Refused);
    argument::<New, Old>(New { a: 1 }, Compatible, Arrives);
}

#[test]
fn a_skipped_field_is_no_field() {
    types! {
        struct Old { a: u8, b: Option<u8> }
        struct New { a: u8, #[serde(skip)] b: Option<u8> }
        struct Reads { a: u8, #[serde(skip_serializing)] b: Option<u8> }
    }
    argument::<Old, New>(Old { a: 1, b: Some(2) }, Lossy, Lost);
    // It is read; writing it again to compare it is what loses it here.
    argument::<Old, Reads>(Old { a: 1, b: None }, Same, Arrives);
}

#[test]
fn an_order_of_fields_is_no_difference() {
    types! {
        struct Old { a: u8, b: String }
        struct New { b: String, a: u8 }
    }
    argument::<Old, New>(Old { a: 1, b: "b".into() }, Same, Arrives);
}

#[test]
fn flattened_fields_are_fields() {
    types! {
        struct Rest { b: u8, c: Option<u8> }
        struct Flat { a: u8, #[serde(flatten)] rest: Rest }
        struct Plain { a: u8, b: u8, c: Option<u8> }
        struct Nested { a: u8, rest: Rest }
    }
    let flat = Flat { a: 1, rest: Rest { b: 2, c: Some(3) } };
    argument::<Flat, Plain>(flat.clone(), Same, Arrives);
    argument::<Plain, Flat>(Plain { a: 1, b: 2, c: None }, Same, Arrives);
    argument::<Flat, Nested>(flat, Incompatible, Refused);
}

#[test]
fn a_flattened_map_takes_every_field() {
    types! {
        struct Old { a: u8, b: u8 }
        struct New { a: u8, #[serde(flatten)] rest: BTreeMap<String, u8> }
        struct Other { a: u8, #[serde(flatten)] rest: BTreeMap<String, String> }
    }
    argument::<Old, New>(Old { a: 1, b: 2 }, Compatible, Arrives);
    argument::<Old, Other>(Old { a: 1, b: 2 }, Incompatible, Refused);
    let new = New { a: 1, rest: [("x".to_owned(), 1)].into() };
    argument::<New, Old>(new, Incompatible, Refused);
}

#[test]
fn a_difference_deep_within_has_its_path_and_its_types() {
    types! {
        struct Price { amount: i64 }
        struct Line { price: Price }
        struct Order { lines: Vec<Line> }
    }
    mod new {
        types! {
            pub(super) struct Price { amount: u32 }
            pub(super) struct Line { price: Price }
            pub(super) struct Order { lines: Vec<Line> }
        }
    }
    let order = Order { lines: vec![Line { price: Price { amount: -1 } }] };
    let member = argument::<Order, new::Order>(order, Incompatible, Refused);
    let difference = &member.differences[0];
    assert_eq!(difference.at, "value.lines[*].price.amount");
    assert_eq!(difference.used_by, ["Order", "Line", "Price"]);
    assert_eq!((difference.client.as_str(), difference.plugin.as_str()), ("i64", "u32"));
}

#[test]
fn a_type_that_contains_itself_is_compared() {
    types! {
        struct Tree { value: u8, children: Vec<Tree> }
        struct Wider { value: u16, children: Vec<Wider> }
        struct Ignorant { children: Vec<Ignorant> }
        struct List { value: u8, next: Option<Box<List>> }
        struct Longer { value: u8, next: Option<Box<Longer>>, last: Option<Box<Longer>> }
    }
    let tree = Tree { value: 1, children: vec![Tree { value: 2, children: vec![] }] };
    argument::<Tree, Tree>(tree.clone(), Same, Arrives);
    argument::<Tree, Wider>(tree.clone(), Compatible, Arrives);
    argument::<Tree, Ignorant>(tree, Lossy, Lost);
    let wide = Wider { value: 1, children: vec![Wider { value: 300, children: vec![] }] };
    argument::<Wider, Tree>(wide, Incompatible, Refused);
    let list = List { value: 1, next: Some(Box::new(List { value: 2, next: None })) };
    argument::<List, Longer>(list, Compatible, Arrives);
}

#[test]
fn types_that_contain_each_other_are_compared() {
    types! {
        struct Folder { files: Vec<File> }
        struct File { parent: Option<Box<Folder>>, size: u64 }
    }
    mod new {
        types! {
            pub(super) struct Folder { files: Vec<File> }
            pub(super) struct File { parent: Option<Box<Folder>>, size: f32 }
        }
    }
    let folder = Folder { files: vec![File { parent: None, size: 1 }] };
    argument::<Folder, Folder>(folder.clone(), Same, Arrives);
    argument::<Folder, new::Folder>(folder, Lossy, Arrives);
}

#[test]
fn a_newtype_is_its_content() {
    types! {
        struct Id(u64);
        #[serde(transparent)]
        struct Name { name: String }
        struct Named { name: String }
    }
    argument::<Id, u64>(Id(1), Same, Arrives);
    argument::<Name, String>(Name { name: "n".into() }, Same, Arrives);
    argument::<Name, Named>(Name { name: "n".into() }, Incompatible, Refused);
}

#[test]
fn a_unit_struct_is_null_and_an_empty_struct_an_object() {
    types! {
        struct Unit;
        struct Empty {}
    }
    argument::<Unit, ()>(Unit, Same, Arrives);
    argument::<Unit, Empty>(Unit, Incompatible, Refused);
    argument::<Empty, Unit>(Empty {}, Incompatible, Refused);
}

#[test]
fn a_struct_that_becomes_a_tuple_is_incompatible() {
    types! {
        struct Fields { a: f64, b: f64 }
        struct Places(f64, f64);
    }
    argument::<Fields, Places>(Fields { a: 1.0, b: 2.0 }, Incompatible, Refused);
}

#[test]
fn a_value_of_any_kind_reads_everything_and_what_it_writes_is_unknown() {
    types! { struct Old { a: u8 } }
    argument::<Old, serde_json::Value>(Old { a: 1 }, Compatible, Arrives);
    argument::<serde_json::Value, Old>(serde_json::json!({"a": 1}), Unknown, Arrives);
    argument::<serde_json::Value, serde_json::Value>(serde_json::json!(1), Same, Arrives);
}

#[test]
fn a_generic_type_is_its_content() {
    types! { struct Page<T> { items: Vec<T>, more: bool } }
    let page = Page { items: vec![1_u8], more: false };
    argument::<Page<u8>, Page<u16>>(page.clone(), Compatible, Arrives);
    argument::<Page<u8>, Page<String>>(page, Incompatible, Refused);
}

#[test]
fn denying_unknown_fields_changes_nothing_while_there_are_none() {
    types! {
        struct Old { a: u8, b: Option<u8> }
        #[serde(deny_unknown_fields)]
        struct New { a: u8, b: Option<u8> }
    }
    argument::<Old, New>(Old { a: 1, b: None }, Same, Arrives);
    result::<New, Old>(New { a: 1, b: None }, Same, Arrives);
}

#[test]
fn a_new_field_of_a_result_that_a_client_denies_is_incompatible() {
    types! {
        struct New { a: u8, b: u8 }
        #[serde(deny_unknown_fields)]
        struct Old { a: u8 }
    }
    result::<New, Old>(New { a: 1, b: 2 }, Incompatible, Refused);
}

#[test]
fn fields_of_one_type_are_renamed_into_each_other_whatever_their_order() {
    types! {
        struct Old { title: String, author: Option<String> }
        struct New { heading: String, a_writer: Option<String> }
    }
    let value = Old { title: "t".into(), author: None };
    let text = argument::<Old, New>(value, Incompatible, Refused).to_string();
    assert!(text.contains("call it `title` on both sides, or `heading` on both"), "{text}");
    assert!(text.contains("call it `author` on both sides, or `a_writer` on both"), "{text}");
}

#[test]
fn a_field_that_is_removed_is_not_renamed_into_one_of_another_kind() {
    types! {
        struct OldInner { x: String }
        struct Old { kept: u8, z: Option<u8>, former: Option<OldInner> }
        struct NewInner { y: String }
        struct New { kept: u8, label: Option<String>, inner: Option<NewInner> }
    }
    let value = New { kept: 1, label: Some("l".into()), inner: None };
    result::<New, Old>(value, Compatible, Lost);
    let value = Old { kept: 1, z: Some(1), former: None };
    let text = argument::<Old, New>(value, Lossy, Lost).to_string();
    assert!(text.contains("the plugin ignores `z`"), "{text}");
    assert!(!text.contains("`label` on both") && !text.contains("`inner` on both"), "{text}");
}

#[test]
fn a_field_that_is_renamed_and_changes_its_width_is_still_renamed() {
    types! {
        struct Old { count: Option<u32> }
        struct New { total: Option<u64> }
    }
    let member = result::<New, Old>(New { total: Some(1) }, Lossy, Lost);
    assert!(member.to_string().contains("`count`"), "{member}");
}
