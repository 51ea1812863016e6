//! The name of this instance among those behind a balancer.
//!
//! What waits for a reply is in one instance, and so is a stream of callbacks. A host sends the name back
//! with what belongs there. A balancer may look for it in the header or in the cookie; an instance that
//! gets what belongs to another refuses it before it does anything.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use hyper::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

use crate::protocol::{Problem, ProblemKind, wire};

/// The longest name, in bytes. The names of pods are shorter.
const MAX_NAME: usize = 128;

/// A name that a header and a cookie can have as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plugin) struct Instance(String);

impl Instance {
    /// A name that the operator gives; `None` if it is empty, too long, or has other characters than
    /// letters, digits, `.`, `_` and `-`.
    pub(in crate::plugin) fn named(name: &str) -> Option<Self> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
        let is_valid = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed);
        is_valid.then(|| Self(name.into()))
    }

    /// A name that no other instance has.
    pub(super) fn random() -> Self {
        // The standard library has no other source of random numbers.
        Self(format!("{:016x}", RandomState::new().hash_one(std::process::id())))
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What responses say of the instance.
pub(super) struct Signature {
    name: HeaderValue,
    cookie: Option<HeaderValue>,
}

impl Signature {
    /// That of this instance. A cookie is sent by TLS alone if `is_secure`.
    pub(super) fn new(instance: &Instance, sets_cookie: bool, is_secure: bool) -> Self {
        // Both consist of visible ASCII.
        let value =
            |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        let secure = if is_secure { "; Secure" } else { "" };
        let cookie = format!(
            "{}={instance}; Path=/; HttpOnly; SameSite=Strict{secure}",
            wire::HEADER_INSTANCE
        );
        Self { name: value(&instance.0), cookie: sets_cookie.then(|| value(&cookie)) }
    }

    /// Checks that a request is not for another instance.
    ///
    /// # Errors
    /// The problem that it is. Nothing has been done then.
    pub(super) fn check(&self, request: &HeaderMap) -> Result<(), Problem> {
        match request.get(wire::HEADER_INSTANCE) {
            Some(asked) if asked != self.name => Err(Problem::new(
                ProblemKind::Misdirected,
                "this is another instance of the plugin than the request is for",
            )),
            _ => Ok(()),
        }
    }

    /// Adds the name to a response, and the cookie if the request does not have it.
    pub(super) fn sign(&self, request: &HeaderMap, response: &mut HeaderMap) {
        response.insert(wire::HEADER_INSTANCE, self.name.clone());
        if let Some(cookie) = &self.cookie
            && !request.get_all(COOKIE).iter().any(|sent| self.is_in(sent))
        {
            response.insert(SET_COOKIE, cookie.clone());
        }
    }

    fn is_in(&self, cookies: &HeaderValue) -> bool {
        let pair = |pair: &[u8]| {
            let (name, value) = pair.split_at_checked(wire::HEADER_INSTANCE.len())?;
            let value = value.strip_prefix(b"=")?;
            Some(name == wire::HEADER_INSTANCE.as_bytes() && value == self.name.as_bytes())
        };
        cookies.as_bytes().split(|c| *c == b';').any(|it| pair(it.trim_ascii()) == Some(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_into_a_header_and_a_cookie() {
        assert!(Instance::named("calculator-7d9f_x.1").is_some());
        for wrong in ["", "a b", "a;b", "ä", "a\r\nb", &"x".repeat(MAX_NAME + 1)] {
            assert_eq!(Instance::named(wrong), None, "{wrong}");
        }
        assert_ne!(Instance::random(), Instance::random());
        assert!(Instance::named(&Instance::random().0).is_some());
    }

    #[test]
    fn the_cookie_is_set_unless_the_request_has_it() {
        let signature = Signature::new(&Instance::named("one").unwrap(), true, true);
        let set = |cookies: &'static str| {
            let (mut request, mut response) = (HeaderMap::new(), HeaderMap::new());
            request.insert(COOKIE, HeaderValue::from_static(cookies));
            signature.sign(&request, &mut response);
            assert_eq!(response[wire::HEADER_INSTANCE], "one");
            response.get(SET_COOKIE).map(|value| value.to_str().unwrap().to_owned())
        };
        let expected = "goplug-instance=one; Path=/; HttpOnly; SameSite=Strict; Secure";
        for cookies in ["", "a=b", "goplug-instance=two", "xgoplug-instance=one", "goplug-instance"]
        {
            assert_eq!(set(cookies).as_deref(), Some(expected), "{cookies}");
        }
        for cookies in ["goplug-instance=one", "a=b; goplug-instance=one ;c=d"] {
            assert_eq!(set(cookies), None, "{cookies}");
        }
    }

    #[test]
    fn a_request_for_another_instance_is_refused() {
        let signature = Signature::new(&Instance::named("one").unwrap(), false, false);
        let asked = |name: Option<&'static str>| {
            let mut request = HeaderMap::new();
            name.map(|name| request.insert(wire::HEADER_INSTANCE, HeaderValue::from_static(name)));
            signature.check(&request).map_err(|problem| problem.kind())
        };
        assert_eq!((asked(None), asked(Some("one"))), (Ok(()), Ok(())));
        assert_eq!(asked(Some("two")), Err(ProblemKind::Misdirected));
    }
}
