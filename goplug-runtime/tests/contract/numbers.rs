//! Numbers, strings and other values without parts.

use std::num::NonZeroU8;

use goplug_runtime::contract::Verdict::{Compatible, Incompatible, Lossy, Same, Unknown};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evolution::Wire::{Arrives, Lost, Refused};
use crate::evolution::{argument, result};

#[test]
fn integers_by_their_ranges() {
    argument::<u8, u16>(255, Compatible, Arrives);
    argument::<u16, u8>(256, Incompatible, Refused);
    argument::<i8, u8>(-1, Incompatible, Refused);
    argument::<u8, i8>(200, Incompatible, Refused);
    argument::<u32, i64>(7, Compatible, Arrives);
    argument::<u64, i64>(u64::MAX, Incompatible, Refused);
    argument::<i64, i32>(1 << 40, Incompatible, Refused);
    argument::<u64, u128>(u64::MAX, Compatible, Arrives);
    argument::<i128, i64>(1, Incompatible, Arrives);
    argument::<u128, i128>(1, Incompatible, Arrives);
    argument::<usize, u64>(1, Same, Arrives);
    argument::<NonZeroU8, u8>(NonZeroU8::MIN, Compatible, Arrives);
    argument::<u8, NonZeroU8>(0, Incompatible, Refused);
}

#[test]
fn floats_are_no_integers_and_integers_are_floats_up_to_a_size() {
    argument::<f64, i64>(1.0, Incompatible, Refused);
    argument::<f32, u8>(1.0, Incompatible, Refused);
    argument::<i32, f64>(7, Compatible, Arrives);
    argument::<u64, f64>((1 << 53) + 1, Lossy, Lost);
    argument::<i64, f64>(-(1 << 53) - 1, Lossy, Lost);
    argument::<u16, f32>(7, Compatible, Arrives);
    argument::<u32, f32>((1 << 24) + 1, Lossy, Lost);
}

#[test]
fn a_shorter_float_loses_digits() {
    argument::<f64, f32>(0.123_456_789_012, Lossy, Lost);
    argument::<f32, f64>(0.5, Compatible, Arrives);
}

#[test]
fn numbers_are_no_strings() {
    argument::<u8, String>(1, Incompatible, Refused);
    argument::<String, u8>("1".into(), Incompatible, Refused);
    argument::<bool, u8>(true, Incompatible, Refused);
    argument::<bool, String>(true, Incompatible, Refused);
}

#[test]
fn a_character_is_a_string_of_one() {
    argument::<char, String>('x', Compatible, Arrives);
    argument::<String, char>("xy".into(), Incompatible, Refused);
}

#[test]
fn a_format_is_a_string_and_a_string_may_have_it() {
    use std::net::{IpAddr, Ipv4Addr};
    argument::<Ipv4Addr, String>(Ipv4Addr::LOCALHOST, Compatible, Arrives);
    argument::<String, Ipv4Addr>("not one".into(), Unknown, Refused);
    argument::<Ipv4Addr, IpAddr>(Ipv4Addr::LOCALHOST, Compatible, Arrives);
    argument::<IpAddr, Ipv4Addr>(IpAddr::V4(Ipv4Addr::LOCALHOST), Unknown, Arrives);
}

#[test]
fn a_path_is_a_string() {
    argument::<std::path::PathBuf, String>("/x".into(), Same, Arrives);
}

#[test]
fn a_duration_is_a_struct_of_its_own() {
    argument::<std::time::Duration, std::time::Duration>(Default::default(), Same, Arrives);
    argument::<std::time::Duration, u64>(Default::default(), Incompatible, Refused);
}

/// schemars says a range where an author gives one, and serde does not check it: a plugin does.
#[test]
fn a_range_that_an_author_gives_is_compared_as_said() {
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Percent(#[schemars(range(min = 0, max = 100))] u8);
    let member = crate::evolution::compared::<u8, Percent>(crate::evolution::Place::Argument);
    assert_eq!(member.verdict, Incompatible);
    assert_eq!(member.differences[0].witness, Some(serde_json::json!({"value": 101})));
    argument::<Percent, u8>(Percent(7), Compatible, Arrives);
}

#[test]
fn a_pattern_is_compared_by_its_text() {
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Word(#[schemars(regex(pattern = "^[a-z]+$"))] String);
    argument::<Word, Word>(Word("x".into()), Same, Arrives);
    argument::<Word, String>(Word("x".into()), Compatible, Arrives);
    argument::<String, Word>("x".into(), Unknown, Arrives);
}

#[test]
fn nothing_is_null() {
    argument::<(), ()>((), Same, Arrives);
    result::<(), Option<u8>>((), Compatible, Arrives);
    result::<u8, ()>(1, Incompatible, Refused);
    result::<(), u8>((), Incompatible, Refused);
}
