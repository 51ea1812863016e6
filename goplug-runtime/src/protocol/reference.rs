//! References from the schemas of a descriptor to its definitions.

use std::borrow::Cow;

use super::wire::percent_decoded;

/// How each of these references begins.
pub const DEFINITIONS: &str = "#/$defs/";

/// Where a reference leads.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference<'r> {
    /// The name of the definition.
    pub name: Cow<'r, str>,
    /// The JSON pointer from there to the schema that is meant; empty for the definition itself.
    pub within: Cow<'r, str>,
}

impl<'r> Reference<'r> {
    /// Reads a reference: a JSON pointer as the fragment of a URL (RFC 6901, section 6). `None` if it
    /// leads to no definition.
    pub fn read(reference: &'r str) -> Option<Self> {
        Some(match percent_decoded(reference.strip_prefix(DEFINITIONS)?)? {
            Cow::Borrowed(pointer) => {
                let (name, within) = split(pointer);
                Self { name: unescaped(name), within: within.into() }
            }
            Cow::Owned(pointer) => {
                let (name, within) = split(&pointer);
                Self { name: unescaped(name).into_owned().into(), within: within.to_owned().into() }
            }
        })
    }
}

fn split(pointer: &str) -> (&str, &str) {
    pointer.split_at(pointer.find('/').unwrap_or(pointer.len()))
}

/// A segment of a JSON pointer without its escapes.
fn unescaped(segment: &str) -> Cow<'_, str> {
    if !segment.contains('~') {
        return segment.into();
    }
    // The order matters: `~01` is `~1`.
    segment.replace("~1", "/").replace("~0", "~").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reference: &str) -> Option<(String, String)> {
        let Reference { name, within } = Reference::read(reference)?;
        Some((name.into_owned(), within.into_owned()))
    }

    #[test]
    fn names_are_unescaped_and_the_rest_stays_a_pointer() {
        for (reference, name, within) in [
            ("#/$defs/Order", "Order", ""),
            ("#/$defs/Order/properties/a~1b", "Order", "/properties/a~1b"),
            ("#/$defs/a~1b~0c%20d/items", "a/b~c d", "/items"),
            ("#/$defs/~01", "~1", ""),
            ("#/$defs/", "", ""),
        ] {
            assert_eq!(read(reference), Some((name.into(), within.into())), "{reference}");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_none() {
        for reference in ["#", "#/definitions/A", "https://elsewhere/#/$defs/A", "#/$defs/%ff"] {
            assert_eq!(read(reference), None, "{reference}");
        }
    }
}
