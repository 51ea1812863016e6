//! What a plugin gets of its host's environment.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::transport::{is_inherited, variable_name};

/// Those of the variables that a plugin gets by default.
pub(super) fn inherited(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> BTreeMap<OsString, OsString> {
    let named = variables.map(|(name, value)| (variable_name(name), value));
    named.filter(|(name, _)| is_inherited(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_gets_the_whole_locale_and_no_secrets() {
        let passed = |name: &str| {
            let variable = (OsString::from(name), OsString::from("value"));
            !inherited(std::iter::once(variable)).is_empty()
        };
        for name in
            ["LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_TIME", "TZ", "PATH"]
        {
            assert!(passed(name), "{name}");
        }
        for name in ["AWS_SECRET_ACCESS_KEY", "https_proxy", "LD_PRELOAD", "LCX", "PYTHONPATH"] {
            assert!(!passed(name), "{name}");
        }
        // Where the case of a name makes no difference, it is the same variable.
        assert_eq!(passed("lang"), variable_name("lang".into()) == "LANG");
    }
}
