//! What no schema can see, and what is seen too strictly. docs/contracts.md lists the same.

use std::collections::BTreeMap;

use goplug_runtime::contract::Verdict::{Incompatible, Lossy, Same};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evolution::Wire::{Arrives, Lost, Refused};
use crate::evolution::{Place, argument, compared, read, result};

#[test]
fn fields_whose_meanings_are_swapped_are_the_same() {
    types! {
        struct Old { width: u32, height: u32 }
        struct New { height: u32, width: u32 }
        struct Seconds { timeout: u64 }
        struct Millis { timeout: u64 }
    }
    argument::<Old, New>(Old { width: 1, height: 2 }, Same, Arrives);
    argument::<Seconds, Millis>(Seconds { timeout: 1 }, Same, Arrives);
}

#[test]
fn a_default_that_changes_is_the_same() {
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Old {
        #[serde(default)]
        a: u8,
    }
    fn seven() -> u8 {
        7
    }
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct New {
        #[serde(default = "seven")]
        a: u8,
    }
    argument::<Old, New>(Old { a: 1 }, Same, Arrives);
}

/// The keys of a map have a pattern, and no range.
#[test]
fn keys_that_are_narrower_integers_are_the_same() {
    let value: BTreeMap<u32, u8> = [(300, 1)].into();
    assert_eq!(compared::<BTreeMap<u32, u8>, BTreeMap<u8, u8>>(Place::Argument).verdict, Same);
    let text = serde_json::to_string(&value).unwrap();
    assert_eq!(read::<BTreeMap<u8, u8>>(&text), Refused);
}

/// schemars leaves out what the keys may be if the variants have documentation of their own.
#[test]
fn keys_of_an_enum_with_documented_variants_are_the_same() {
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
    enum Old {
        /// The first.
        First,
    }
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
    enum New {
        /// The first, by another name.
        Foremost,
    }
    assert_eq!(compared::<BTreeMap<Old, u8>, BTreeMap<New, u8>>(Place::Argument).verdict, Same);
    let text = serde_json::to_string(&BTreeMap::from([(Old::First, 1)])).unwrap();
    assert_eq!(read::<BTreeMap<New, u8>>(&text), Refused);
}

/// JSON has no such number: an f64 is written as `null`, and its own type does not read that.
#[test]
fn a_number_that_json_lacks_is_the_same() {
    assert_eq!(compared::<f64, f64>(Place::Argument).verdict, Same);
    assert_eq!(read::<f64>(&serde_json::to_string(&f64::NAN).unwrap()), Refused);
}

#[test]
fn an_option_within_an_option_is_the_same_and_flat() {
    assert_eq!(compared::<Option<Option<u8>>, Option<u8>>(Place::Argument).verdict, Same);
}

/// schemars does not write aliases into a schema, so what serde reads is called incompatible.
#[test]
fn an_alias_is_not_seen() {
    types! {
        struct Old { colour: String }
        struct New { #[serde(alias = "colour")] color: String }
    }
    let member = compared::<Old, New>(Place::Argument);
    assert_eq!(member.verdict, Incompatible);
    let text = serde_json::to_string(&Old { colour: "red".into() }).unwrap();
    assert!(serde_json::from_str::<New>(&text).is_ok());
}

/// serde reads a struct from an array of its fields as well. Nobody writes it so.
#[test]
fn a_struct_from_a_tuple_is_not_seen() {
    types! { struct Point { x: f64, y: f64 } }
    assert_eq!(compared::<(f64, f64), Point>(Place::Argument).verdict, Incompatible);
    assert!(serde_json::from_str::<Point>("[1.0,2.0]").is_ok());
}

/// With `#[serde(other)]` an unknown variant is read; which one it was is lost.
#[test]
fn a_variant_for_all_others_is_lossy_and_not_refused() {
    types! {
        enum New { A, B }
        enum Old { A, #[serde(other)] Other }
    }
    assert_eq!(compared::<New, Old>(Place::Result).verdict, Incompatible);
    assert_eq!(read::<Old>("\"B\""), Lost);
    types! { enum Both { A, Other, B } }
    result::<Both, Old>(Both::B, Lossy, Lost);
}

/// A string that holds something else is a string.
#[test]
fn what_a_string_holds_is_the_same() {
    types! {
        struct Date(String);
        struct Name(String);
    }
    argument::<Date, Name>(Date("2000-01-01".into()), Same, Arrives);
}

/// A deserializer of one's own can refuse what its schema allows.
#[test]
fn a_check_of_ones_own_is_not_seen() {
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(try_from = "u8", into = "u8")]
    struct Even(u8);
    impl TryFrom<u8> for Even {
        type Error = String;
        fn try_from(number: u8) -> Result<Self, String> {
            if number.is_multiple_of(2) { Ok(Self(number)) } else { Err("it is odd".into()) }
        }
    }
    impl From<Even> for u8 {
        fn from(Even(number): Even) -> u8 {
            number
        }
    }
    impl Clone for Even {
        fn clone(&self) -> Self {
            Self(self.0)
        }
    }
    assert_eq!(compared::<u8, Even>(Place::Argument).verdict, Same);
    assert_eq!(read::<Even>("1"), Refused);
}
