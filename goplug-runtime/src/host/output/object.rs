//! A JSON object whose members keep their order and their spelling: numbers as they were written,
//! and each value on its one line.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of a JSON object.
pub(super) struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The object that this text is; `None` if it is something else.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        if text.starts_with('{') { serde_json::from_str(text).ok() } else { None }
    }

    /// The value of the first of these names that there is.
    pub(super) fn get(&self, names: &[&str]) -> Option<&'a RawValue> {
        names.iter().find_map(|name| Some(self.0.get(self.position(name)?)?.1))
    }

    /// Removes the first of these members that can be read so, and returns what it was read as.
    pub(super) fn take<T>(
        &mut self,
        names: &[&str],
        read: impl Fn(&'a RawValue) -> Option<T>,
    ) -> Option<T> {
        let positions = names.iter().filter_map(|name| self.position(name));
        let (index, value) =
            positions.into_iter().find_map(|index| Some((index, read(self.0[index].1)?)))?;
        self.0.remove(index);
        Some(value)
    }

    /// Adds the members of another.
    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The members, each as the text of its name and of its value.
    pub(super) fn members(&self) -> impl ExactSizeIterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.get()))
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(known, _)| known == name)
    }
}

/// The object as JSON.
impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "{";
        for (name, value) in self.members() {
            let name = serde_json::to_string(name).map_err(|_| fmt::Error)?;
            write!(f, "{before}{name}:{value}")?;
            before = ",";
        }
        f.write_str(if before == "{" { "{}" } else { "}" })
    }
}

/// A string's content.
pub(super) fn string(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Members).map(Self)
    }
}
