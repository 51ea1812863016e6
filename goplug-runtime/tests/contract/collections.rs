//! Options, lists, tuples, sets and maps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use goplug_runtime::contract::Verdict::{Compatible, Incompatible, Lossy, Same};

use crate::evolution::Wire::{Arrives, Lost, Refused};
use crate::evolution::{argument, result};

#[test]
fn an_option_reads_its_content_and_not_the_other_way() {
    argument::<u8, Option<u8>>(1, Compatible, Arrives);
    argument::<Option<u8>, u8>(None, Incompatible, Refused);
    types! { struct T { a: u8 } }
    argument::<T, Option<T>>(T { a: 1 }, Compatible, Arrives);
    let member = result::<Option<T>, T>(None, Incompatible, Refused);
    assert_eq!(member.differences[0].witness, Some(serde_json::Value::Null));
    argument::<Option<T>, Option<T>>(None, Same, Arrives);
}

#[test]
fn a_value_that_becomes_a_list_is_incompatible() {
    argument::<u8, Vec<u8>>(1, Incompatible, Refused);
    argument::<Vec<u8>, u8>(vec![1], Incompatible, Refused);
}

#[test]
fn a_list_is_compared_by_its_elements() {
    argument::<Vec<u8>, Vec<u16>>(vec![1], Compatible, Arrives);
    let member = argument::<Vec<u16>, Vec<u8>>(vec![300], Incompatible, Refused);
    assert_eq!(member.differences[0].at, "value[*]");
    argument::<Vec<Vec<u8>>, Vec<Vec<String>>>(vec![vec![1]], Incompatible, Refused);
}

#[test]
fn a_list_with_equal_elements_is_lost_in_a_set() {
    argument::<Vec<u8>, BTreeSet<u8>>(vec![1, 1], Lossy, Lost);
    argument::<BTreeSet<u8>, Vec<u8>>([1, 2].into(), Compatible, Arrives);
}

#[test]
fn a_tuple_has_places_and_a_length() {
    argument::<(u8, String), (u8, String)>((1, "x".into()), Same, Arrives);
    argument::<(u8, String), (String, u8)>((1, "x".into()), Incompatible, Refused);
    argument::<(u8, u8), (u8, u8, u8)>((1, 2), Incompatible, Refused);
    argument::<(u8, u8, u8), (u8, u8)>((1, 2, 3), Incompatible, Refused);
    let member = argument::<(u8, u16), (u8, u8)>((1, 300), Incompatible, Refused);
    assert_eq!(member.differences[0].at, "value[1]");
}

#[test]
fn an_array_of_fixed_length_is_a_list_and_a_list_is_of_any_length() {
    argument::<[u8; 3], Vec<u8>>([1, 2, 3], Compatible, Arrives);
    argument::<Vec<u8>, [u8; 3]>(vec![1], Incompatible, Refused);
    argument::<[u8; 2], [u8; 3]>([1, 2], Incompatible, Refused);
    argument::<[u8; 2], (u8, u8)>([1, 2], Same, Arrives);
    argument::<(u8, u8), [u8; 2]>((1, 2), Same, Arrives);
    argument::<(u8, u8), Vec<u8>>((1, 2), Compatible, Arrives);
}

#[test]
fn a_map_is_compared_by_its_values() {
    type Map<V> = BTreeMap<String, V>;
    argument::<Map<u8>, HashMap<String, u8>>([("a".into(), 1)].into(), Same, Arrives);
    argument::<Map<u8>, Map<u16>>([("a".into(), 1)].into(), Compatible, Arrives);
    let value: Map<u16> = [("a".into(), 300)].into();
    let member = argument::<Map<u16>, Map<u8>>(value, Incompatible, Refused);
    assert_eq!(member.differences[0].at, "value.*");
}

#[test]
fn a_map_with_other_keys_is_compared_by_its_keys() {
    type Numbered = BTreeMap<u32, u8>;
    type Signed = BTreeMap<i32, u8>;
    type Named = BTreeMap<String, u8>;
    argument::<Numbered, Numbered>([(1, 1)].into(), Same, Arrives);
    argument::<Numbered, Named>([(1, 1)].into(), Compatible, Arrives);
    argument::<Named, Numbered>([("x".into(), 1)].into(), Incompatible, Refused);
    argument::<Numbered, Signed>([(1, 1)].into(), Compatible, Arrives);
    argument::<Signed, Numbered>([(-1, 1)].into(), Incompatible, Refused);
}

#[test]
fn a_map_whose_keys_are_an_enum_has_listed_keys() {
    types! {
        #[derive(PartialEq, Eq, PartialOrd, Ord)]
        enum Level { Low, High }
    }
    argument::<BTreeMap<Level, u8>, BTreeMap<String, u8>>(
        [(Level::Low, 1)].into(),
        Compatible,
        Arrives,
    );
    let named: BTreeMap<String, u8> = [("Middle".to_owned(), 1)].into();
    argument::<BTreeMap<String, u8>, BTreeMap<Level, u8>>(named, Incompatible, Refused);
}

#[test]
fn a_struct_is_a_map_of_its_fields() {
    types! { struct Point { x: u8, y: u8 } }
    let map: BTreeMap<String, u8> = [("x".to_owned(), 1)].into();
    argument::<Point, BTreeMap<String, u8>>(Point { x: 1, y: 2 }, Compatible, Arrives);
    argument::<BTreeMap<String, u8>, Point>(map, Incompatible, Refused);
}

#[test]
fn a_map_that_becomes_a_struct_of_options_loses_its_other_keys() {
    types! { struct Known { x: Option<u8> } }
    let map: BTreeMap<String, u8> = [("z".to_owned(), 1)].into();
    argument::<BTreeMap<String, u8>, Known>(map, Lossy, Lost);
}

#[test]
fn a_map_is_no_list_of_pairs() {
    argument::<BTreeMap<String, u8>, Vec<(String, u8)>>(BTreeMap::new(), Incompatible, Refused);
}

#[test]
fn boxes_and_other_pointers_are_their_content() {
    argument::<Box<u8>, u8>(Box::new(1), Same, Arrives);
}
