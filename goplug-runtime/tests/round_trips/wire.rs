//! Paths and headers.

use std::time::Duration;

use goplug_runtime::protocol::wire::{
    default_url, is_plugin_url, method_of_path, parse_timeout, path_of_method, timeout_value,
};
use proptest::prelude::*;

use crate::{config, json};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_method_reads_back_from_its_path(
        method in json::text().prop_filter("named", |name| !name.is_empty()),
        behind in "([/?][ -~]{0,8})?",
    ) {
        let path = path_of_method(&method);
        prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{}", path);
        let path = path + &behind;
        prop_assert_eq!(method_of_path(&path).unwrap(), method);
    }

    #[test]
    fn arbitrary_paths_name_a_method_or_none(path in any::<String>()) {
        if let Some(method) = method_of_path(&path) {
            let path = path_of_method(&method);
            prop_assert_eq!(method_of_path(&path).unwrap(), method);
        }
    }

    #[test]
    fn a_budget_is_rounded_up_to_the_next_millisecond(
        seconds in 0..u64::MAX / 1000,
        nanos in 0..1_000_000_000_u32,
    ) {
        let budget = Duration::new(seconds, nanos);
        let read = parse_timeout(timeout_value(budget).to_string().as_bytes()).unwrap();
        prop_assert!(read >= budget && read - budget < Duration::from_millis(1));
    }

    #[test]
    fn the_default_url_of_a_plain_name_is_a_url(
        name in "[A-Za-z0-9_-]{1,64}",
        namespace in "[A-Za-z0-9_.-]{0,64}",
    ) {
        prop_assert!(is_plugin_url(&default_url(&name, &namespace)));
    }
}
