//! Names that are given to plugins.

use goplug::{InvalidName, PluginId};

/// Reads a name that a file is to have, of the form that all have that goplug writes.
pub(super) fn new_name(text: &str) -> Result<PluginId, InvalidName> {
    let id: PluginId = text.parse()?;
    PluginId::new(id.name(), id.namespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_has_the_form_that_goplug_writes() {
        let id = new_name("acme.eu.Archive-2").unwrap();
        assert_eq!((id.namespace(), id.name()), ("acme.eu", "Archive-2"));
        for text in ["", ".", "a b", "acme.a b", "a c.me", "acme.", "Größe", &"n".repeat(65)] {
            assert!(new_name(text).is_err(), "{text:?}");
        }
    }
}
