//! The key `Sha256`: the digest of the program, or those of several files.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the digests are of; each is 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Digests {
    Program(String),
    /// Each file's path, which is relative to the folder of the `.pconf` or absolute, and its
    /// digest. Sorted by path, and not in a map, whose code every plugin's program would have.
    Files(Vec<(String, String)>),
}

impl Digests {
    /// # Errors
    /// What is wrong with the digest, for people.
    pub(super) fn of_program(digest: &str) -> Result<Self, String> {
        hexadecimal(digest).map(Self::Program).ok_or_else(|| "is not 64 hexadecimal digits".into())
    }

    /// # Errors
    /// What is wrong with a file or its digest, for people.
    pub(super) fn of_files(
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, String> {
        let mut digests = Vec::new();
        for (file, digest) in files {
            if file.is_empty() || file.contains('\0') {
                return Err(format!("{file:?} cannot be a file"));
            }
            let Some(digest) = hexadecimal(&digest) else {
                return Err(format!("the digest of {file:?} is not 64 hexadecimal digits"));
            };
            digests.push((file, digest));
        }
        digests.sort_unstable();
        if let Some(twice) = digests.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(format!("{:?} is given twice", twice[0].0));
        }
        Ok(Self::Files(digests))
    }
}

fn hexadecimal(digest: &str) -> Option<String> {
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| digest.to_ascii_lowercase())
}

impl Serialize for Digests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Program(digest) => digest.serialize(serializer),
            Self::Files(digests) => {
                serializer.collect_map(digests.iter().map(|(file, digest)| (file, digest)))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Digests;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a string with the program's digest, or an object with files and their digests",
                )
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Digests, E> {
                Digests::of_program(text).map_err(E::custom)
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Digests, M::Error> {
                let mut files = Vec::new();
                while let Some(entry) = map.next_entry::<String, String>()? {
                    files.push(entry);
                }
                Digests::of_files(files).map_err(de::Error::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
