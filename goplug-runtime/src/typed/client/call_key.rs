//! What a call is about.

use std::hash::{DefaultHasher, Hash, Hasher};

/// What a call is about: a tenant, a document, a session. Of a plugin with several instances, all calls
/// with an equal key go to the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallKey(u64);

impl CallKey {
    /// The key of a value. Values that are equal, borrowed or owned, have equal keys within this
    /// process.
    pub fn of(value: &(impl Hash + ?Sized)) -> Self {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        Self(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_borrowed_value_has_the_key_of_an_owned_one() {
        assert_eq!(CallKey::of("tenant"), CallKey::of(&String::from("tenant")));
        assert_ne!(CallKey::of("tenant"), CallKey::of("another"));
    }
}
