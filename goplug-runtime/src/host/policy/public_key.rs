//! The public keys with which plugins may be signed.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The public key of [minisign](https://jedisct1.github.io/minisign/), for
/// [`RegistryBuilder::require_signatures`](crate::host::RegistryBuilder::require_signatures).
///
/// It is parsed from the text of a file `minisign.pub`, or from the second of its two lines alone:
///
/// ```
/// let key: goplug::PublicKey =
///     "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3".parse()?;
/// # Ok::<(), goplug::InvalidPublicKey>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: minisign_verify::PublicKey,
    /// The line that it was parsed from.
    base64: String,
}

/// A text is no public key of minisign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "not a public key of minisign: expected the 56 characters of base64 that begin with RW, or the file \
     minisign.pub"
)]
#[non_exhaustive]
pub struct InvalidPublicKey;

impl PublicKey {
    pub(in crate::host) fn as_minisign(&self) -> &minisign_verify::PublicKey {
        &self.key
    }
}

impl FromStr for PublicKey {
    type Err = InvalidPublicKey;

    fn from_str(text: &str) -> Result<Self, InvalidPublicKey> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let comment_or_key = lines.next().unwrap_or_default();
        let base64 = lines.next().unwrap_or(comment_or_key);
        if lines.next().is_some() {
            return Err(InvalidPublicKey);
        }
        let key = minisign_verify::PublicKey::from_base64(base64).map_err(|_| InvalidPublicKey)?;
        Ok(Self { key, base64: base64.into() })
    }
}

/// The base64 of the key, without a comment.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base64)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    #[test]
    fn a_key_is_the_line_or_the_file() {
        let key: PublicKey = KEY.parse().unwrap();
        let of_file = format!("untrusted comment: minisign public key E7620F1842B4E81F\n{KEY}\n");
        assert_eq!(of_file.parse(), Ok(key.clone()));
        assert_eq!(key.to_string(), KEY);
        assert_eq!(format!("{key:?}"), format!("PublicKey({KEY})"));
    }

    #[test]
    fn what_is_no_key_is_an_error() {
        let cut = &KEY[..KEY.len() - 4];
        let three = format!("untrusted comment: a\n{KEY}\n{KEY}\n");
        for text in ["", "RW", "untrusted comment: a", cut, &three, &KEY.to_lowercase()] {
            assert_eq!(text.parse::<PublicKey>(), Err(InvalidPublicKey), "{text}");
        }
    }
}
