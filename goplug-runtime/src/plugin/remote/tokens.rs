//! The tokens by which callers are known.

use hmac_sha256::HMAC;
use rustls::crypto::CryptoProvider;

/// The shortest token, in characters. A shorter one can be guessed.
const SHORTEST: usize = 16;

/// The most tokens of a file. Two are enough to replace one by another.
const MOST: usize = 64;

/// The tokens that are valid. They are kept as digests with a key of this process: so comparing tells
/// nothing of them by the time that it takes, and no dump of memory has them.
pub(super) struct Tokens {
    key: [u8; 32],
    digests: Vec<[u8; 32]>,
}

impl Tokens {
    /// Reads one token per line. Empty lines and lines that begin with `#` count for nothing.
    ///
    /// # Errors
    /// What is wrong, without any part of a token.
    pub(super) fn read(text: &[u8], provider: &CryptoProvider) -> Result<Self, String> {
        let mut key = [0; 32];
        provider.secure_random.fill(&mut key).map_err(|_| "the system has no random numbers")?;
        let mut digests = Vec::new();
        for (index, line) in text.split(|c| *c == b'\n').enumerate() {
            let token = line.trim_ascii();
            if token.is_empty() || token.starts_with(b"#") {
                continue;
            }
            let number = index + 1;
            if !token.iter().all(u8::is_ascii_graphic) {
                return Err(format!("line {number} has other characters than visible ASCII"));
            }
            if token.len() < SHORTEST {
                return Err(format!(
                    "the token in line {number} has fewer than {SHORTEST} characters"
                ));
            }
            if digests.len() == MOST {
                return Err(format!("it has more than {MOST} tokens"));
            }
            digests.push(HMAC::mac(token, key));
        }
        if digests.is_empty() { Err("it has no token".into()) } else { Ok(Self { key, digests }) }
    }

    /// Whether the value of a header `Authorization` has one of them.
    pub(super) fn accept(&self, authorization: &[u8]) -> bool {
        const SCHEME: &[u8] = b"bearer ";
        let Some((scheme, token)) = authorization.split_at_checked(SCHEME.len()) else {
            return false;
        };
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return false;
        }
        let digest = HMAC::mac(token.trim_ascii(), self.key);
        // All are looked at, whichever is meant.
        self.digests.iter().fold(false, |found, valid| found | (*valid == digest))
    }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring::default_provider;

    use super::*;

    fn read(text: &str) -> Result<Tokens, String> {
        Tokens::read(text.as_bytes(), &default_provider())
    }

    #[test]
    fn each_line_is_a_valid_token() {
        let tokens = read("# old\n0123456789abcdef\n\n  fedcba9876543210 \r\n")
            .unwrap_or_else(|e| panic!("{e}"));
        for right in
            ["Bearer 0123456789abcdef", "bearer fedcba9876543210", "BEARER  0123456789abcdef"]
        {
            assert!(tokens.accept(right.as_bytes()), "{right}");
        }
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer # old",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdeff",
            "Bearer 0123456789abcdef fedcba9876543210",
            "Basic 0123456789abcdef",
            "0123456789abcdef",
        ] {
            assert!(!tokens.accept(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn a_file_without_a_good_token_is_refused_and_its_error_has_no_token() {
        for (text, fault) in [
            ("", "no token"),
            ("# only this\n", "no token"),
            ("short\n", "line 1 has fewer than 16"),
            ("0123456789abcdef\ntwo words in one token\n", "line 2 has other characters"),
        ] {
            let error = read(text).err().unwrap();
            assert!(error.contains(fault), "{error}");
            assert!(!error.contains("short") && !error.contains("words"), "{error}");
        }
        assert!(read(&"0123456789abcdef\n".repeat(MOST + 1)).is_err());
    }
}
