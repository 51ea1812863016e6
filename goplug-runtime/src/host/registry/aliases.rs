//! The further names that a host gives to plugins.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::protocol::PluginId;

/// Which plugin each further name stands for.
#[derive(Debug, Default)]
pub(super) struct Aliases(BTreeMap<PluginId, PluginId>);

impl Aliases {
    /// The plugin of each name, whatever the order of the pairs: an alias of an alias is one of that name's
    /// plugin.
    ///
    /// # Errors
    /// [`Error::Configuration`] if a name stands for two plugins, or in the end for itself.
    pub(super) fn of_pairs(pairs: &[(PluginId, PluginId)]) -> Result<Self> {
        let mut given = BTreeMap::new();
        for (alias, of) in pairs {
            let known = given.entry(alias).or_insert(of);
            if *known != of {
                let text = format!("{alias} is an alias of {known}, and cannot be one of {of} too");
                return Err(Error::Configuration(text));
            }
        }
        let resolved =
            given.keys().map(|alias| Ok(((*alias).clone(), resolve(alias, &given)?.clone())));
        resolved.collect::<Result<_>>().map(Self)
    }

    /// The further names of a plugin.
    pub(super) fn of<'a>(&'a self, plugin: &'a PluginId) -> impl Iterator<Item = &'a PluginId> {
        self.0.iter().filter(move |(_, of)| *of == plugin).map(|(alias, _)| alias)
    }

    /// The plugin for which a name stands, if it is a further one.
    pub(super) fn plugin(&self, alias: &PluginId) -> Option<&PluginId> {
        self.0.get(alias)
    }
}

/// The plugin for which a name stands in the end.
fn resolve<'a>(
    name: &'a PluginId,
    given: &BTreeMap<&'a PluginId, &'a PluginId>,
) -> Result<&'a PluginId> {
    let mut plugin = name;
    // A walk over more names than there are goes in a circle.
    for _ in 0..=given.len() {
        match given.get(plugin) {
            Some(next) => plugin = next,
            None => return Ok(plugin),
        }
    }
    let through = given.get(plugin).filter(|of| **of != plugin);
    let through = through.map(|of| format!(" by way of {of}")).unwrap_or_default();
    let text = format!("{plugin} cannot be an alias of itself{through}: give it another name");
    Err(Error::Configuration(text))
}

/// The error that a name cannot be used, since the plugin for which it stands is not known for this reason.
pub(super) fn without_plugin(alias: PluginId, reason: Error) -> Error {
    match reason {
        Error::NotFound { id, folder, hint } => {
            let further = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            let hint = Some(format!("it is an alias of {id}, which is not found{further}"));
            Error::NotFound { id: alias, folder, hint }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PluginId {
        text.parse().unwrap()
    }

    fn aliases(pairs: &[(&str, &str)]) -> Result<Aliases> {
        let pairs: Vec<_> = pairs.iter().map(|(alias, of)| (id(alias), id(of))).collect();
        Aliases::of_pairs(&pairs)
    }

    #[test]
    fn a_name_stands_for_one_plugin() {
        let store = "acme.Store";
        let known = aliases(&[("acme.db2", store), ("acme.db2", store), ("acme.db3", store)]);
        let known = known.unwrap();
        assert_eq!(known.of(&id(store)).count(), 2);
        assert_eq!(known.plugin(&id("acme.db3")), Some(&id(store)));
        assert_eq!(known.plugin(&id(store)), None);
        let error = aliases(&[("acme.db2", store), ("acme.db2", "acme.Other")]).unwrap_err();
        let text = "acme.db2 is an alias of acme.Store, and cannot be one of acme.Other too";
        assert!(error.to_string().contains(text), "{error}");
    }

    #[test]
    fn an_alias_of_an_alias_is_one_of_its_plugin_in_any_order() {
        let mut pairs = [("a.C", "a.B"), ("a.B", "a.A"), ("a.A", "a.P")];
        for _ in 0..2 {
            for turn in 0..pairs.len() {
                pairs.rotate_left(turn);
                let known = aliases(&pairs).unwrap();
                for alias in ["a.A", "a.B", "a.C"] {
                    assert_eq!(known.plugin(&id(alias)), Some(&id("a.P")), "{pairs:?}");
                }
                assert_eq!(known.of(&id("a.P")).count(), 3);
            }
            pairs.reverse();
        }
    }

    #[test]
    fn names_that_stand_for_each_other_are_an_error() {
        let circles: [&[_]; 3] = [
            &[("a.A", "a.A")],
            &[("a.A", "a.B"), ("a.B", "a.A")],
            &[("a.A", "a.B"), ("a.B", "a.C"), ("a.C", "a.B"), ("a.D", "a.P")],
        ];
        for circle in circles {
            let error = aliases(circle).unwrap_err().to_string();
            assert!(error.contains("cannot be an alias of itself"), "{error}");
        }
        let error = aliases(circles[1]).unwrap_err().to_string();
        assert!(error.contains(" cannot be an alias of itself by way of a."), "{error}");
    }
}
