//! Names that OpenAPI accepts, each given once.

use std::collections::{BTreeMap, BTreeSet};

/// The names that are taken.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// The number that the next equal name gets, by the name without it.
    numbers: BTreeMap<String, u64>,
}

impl Names {
    /// A name as near to `wanted` as possible: of the characters `A-Z a-z 0-9 . _ -`, not empty,
    /// and given to nobody before.
    pub(super) fn take(&mut self, wanted: &str) -> String {
        let mut plain: String = wanted.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        if plain.is_empty() {
            plain.push('_');
        }
        if self.taken.insert(plain.clone()) {
            return plain;
        }
        let number = self.numbers.entry(plain.clone()).or_insert(1);
        loop {
            *number += 1;
            let name = format!("{plain}-{number}");
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    /// A name for each of these, by what it is for. Those that are valid already stay as they are.
    pub(super) fn take_all<'a>(
        &mut self,
        wanted: impl IntoIterator<Item = &'a str>,
    ) -> BTreeMap<&'a str, String> {
        let (valid, other): (BTreeSet<_>, BTreeSet<_>) =
            wanted.into_iter().partition(|name| is_valid(name));
        valid.into_iter().chain(other).map(|name| (name, self.take(name))).collect()
    }
}

/// Whether a component can have this name.
pub(super) fn is_valid(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_plain)
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_get_numbers_that_nothing_else_has() {
        let mut names = Names::default();
        let given: Vec<_> =
            ["a-2", "a", "a", "a", "ä", "_", ""].into_iter().map(|n| names.take(n)).collect();
        assert_eq!(given, ["a-2", "a", "a-3", "a-4", "_", "_-2", "_-3"]);
    }

    #[test]
    fn valid_names_stay_whatever_comes_before_them() {
        let given = Names::default().take_all(["a b", "a/b", "a_b", "a_b-2"]);
        assert_eq!((&*given["a_b"], &*given["a_b-2"]), ("a_b", "a_b-2"));
        assert_eq!((&*given["a b"], &*given["a/b"]), ("a_b-3", "a_b-4"));
    }
}
