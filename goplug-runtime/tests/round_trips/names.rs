//! The rules for names, compared with the wording of `docs/protocol.md`.

use goplug_runtime::protocol::PluginId;
use goplug_runtime::protocol::name::{check_callback, check_method};
use goplug_runtime::protocol::visible::is_hidden;
use goplug_runtime::protocol::wire::{EVENT_GAP, RESERVED};
use proptest::prelude::*;

use crate::{config, json};

/// Names that follow each rule, and names that break it.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        json::text(),
        "[A-Za-z0-9_.-]{0,3}",
        "[A-Za-z0-9_.-]{60,70}",
        "[a-z;/ ]{1,4}",
        "[a-zß]{120,260}",
        "[a-z/.ß]{500,1030}",
        prop::sample::select(RESERVED.as_slice()).prop_map(Into::into),
        Just(EVENT_GAP.into()),
    ]
}

/// Mostly names that goplug writes, and some that break a rule by little.
fn plain_name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[A-Za-z0-9_-]{63,66}", 3 => "[A-Za-z0-9_.-]{0,3}", 1 => name()]
}

fn is_plain(text: &str, more: &str) -> bool {
    text.len() <= 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c) || more.contains(c))
}

fn is_member(name: &str, longest: usize) -> bool {
    (1..=longest).contains(&name.len()) && !name.chars().any(is_hidden)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn written_names_use_the_documented_alphabet(
        name in plain_name(),
        namespace in plain_name(),
    ) {
        let allowed = !name.is_empty()
            && is_plain(&name, "")
            && is_plain(&namespace, ".")
            && ![".", ".."].contains(&namespace.as_str());
        prop_assert_eq!(PluginId::new(&name, &namespace).is_ok(), allowed);
    }

    #[test]
    fn an_id_returns_its_names_and_is_one_segment_of_a_path(
        name in name(),
        namespace in name(),
    ) {
        if let Ok(id) = PluginId::read(&name, &namespace) {
            prop_assert_eq!((id.name(), id.namespace()), (name.as_str(), namespace.as_str()));
            let file = std::path::PathBuf::from(format!("{id}.pconf"));
            prop_assert_eq!(file.components().count(), 1);
            prop_assert!(file.file_name().is_some());
        }
        if PluginId::new(&name, &namespace).is_ok() {
            prop_assert!(PluginId::read(&name, &namespace).is_ok());
        }
    }

    #[test]
    fn two_written_ids_never_share_a_file(
        a in ("[ab_-]{1,3}", "[ab.]{0,3}"),
        b in ("[ab_-]{1,3}", "[ab.]{0,3}"),
    ) {
        let ids = (PluginId::new(&a.0, &a.1), PluginId::new(&b.0, &b.1));
        if let (Ok(one), Ok(other)) = ids {
            prop_assert_eq!(one.to_string() == other.to_string(), one == other);
        }
    }

    #[test]
    fn every_member_name_but_the_reserved_is_a_method_name(name in name()) {
        let is_member = is_member(&name, 256) && !name.contains('/');
        let allowed = is_member && !RESERVED.contains(&name.as_str());
        prop_assert_eq!(check_method(&name).is_ok(), allowed);
    }

    #[test]
    fn every_member_name_without_a_semicolon_is_a_callback_name(name in name()) {
        let allowed = is_member(&name, 1024) && !name.contains(';') && name != EVENT_GAP;
        prop_assert_eq!(check_callback(&name).is_ok(), allowed);
    }
}
