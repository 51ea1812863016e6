//! Which instance behind a balancer a request is for.
//!
//! A registration is held by one instance. Replies to it, and calls that may call services of the host, have
//! to reach that instance: it names itself in a header, and a balancer finds it by a cookie of the
//! balancer's own. Both go with each request that names this host. Other calls go to any instance.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};

use crate::http1::Request;
use crate::protocol::wire;

/// What the answers to requests that name this host have said.
#[derive(Default)]
pub(super) struct Affinity(Mutex<Known>);

#[derive(Default)]
struct Known {
    cookies: Option<HeaderValue>,
    /// The instance that holds the registration.
    instance: Option<HeaderValue>,
}

impl Affinity {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The headers that lead this request to its instance; none if any instance will do.
    pub(super) fn headers(
        &self,
        request: &Request<'_>,
    ) -> impl Iterator<Item = (HeaderName, HeaderValue)> + use<> {
        let (mut cookies, mut instance) = (None, None);
        if names_host(request) {
            let known = self.lock();
            cookies = known.cookies.clone();
            // Any instance may take a registration, and the same one if it is there.
            instance = known.instance.clone().filter(|_| !is_registration(request));
        }
        let instance = instance.map(|it| (HeaderName::from_static(wire::HEADER_INSTANCE), it));
        cookies.map(|it| (COOKIE, it)).into_iter().chain(instance)
    }

    /// Notes what the answer to this request says.
    pub(super) fn note(&self, request: &Request<'_>, headers: &HeaderMap) {
        if !names_host(request) {
            return;
        }
        let mut known = self.lock();
        if is_registration(request) {
            known.instance = headers.get(wire::HEADER_INSTANCE).cloned();
        }
        if headers.contains_key(SET_COOKIE) {
            known.cookies = cookies(headers);
        }
    }
}

/// The cookies that these headers set, as a client sends them.
fn cookies(headers: &HeaderMap) -> Option<HeaderValue> {
    let pair = |value: &HeaderValue| {
        let pair = value.as_bytes().split(|byte| *byte == b';').next();
        pair.unwrap_or_default().trim_ascii().to_vec()
    };
    let pairs: Vec<_> = headers.get_all(SET_COOKIE).iter().map(pair).collect();
    let mut cookies = HeaderValue::from_bytes(&pairs.join(&b"; "[..])).ok()?;
    cookies.set_sensitive(true);
    Some(cookies)
}

/// Whether the request names this host: a registration, a reply, or a call whose plugin may call services.
fn names_host(request: &Request<'_>) -> bool {
    request.headers.iter().any(|(name, _)| *name == wire::HEADER_HOST)
}

fn is_registration(request: &Request<'_>) -> bool {
    request.method == wire::REGISTER_CALLBACK
}
