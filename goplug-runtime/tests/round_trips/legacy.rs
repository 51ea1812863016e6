//! The bodies of GoPlug 1.

use goplug_runtime::protocol::legacy::{
    callback_name, method_list, parse_callback_name, parse_method_list,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{config, json};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_method_list_reads_back_without_its_empty_names(
        mut names in vec(json::text(), 0..6),
        behind in any::<Vec<u8>>(),
    ) {
        let mut body = method_list(names.iter().map(String::as_str)).into_bytes();
        body.extend(behind);
        names.retain(|name| !name.is_empty());
        prop_assert_eq!(parse_method_list(&body).unwrap(), names);
    }

    #[test]
    fn a_callback_name_reads_back_from_its_body(name in json::text()) {
        prop_assert_eq!(parse_callback_name(callback_name(&name).as_bytes()).unwrap(), name);
    }
}
