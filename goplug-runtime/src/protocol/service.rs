//! Calls of a host's services, as events of the callback stream.
//!
//! The event's type holds everything but the arguments. Its parts are separated by `;`, which no
//! callback's name contains, so that no callback can be taken for a call of a service:
//! `Database/query;call;timeout=1500`.

use std::fmt::Write as _;
use std::time::Duration;

use super::name::{InvalidName, check_service};
use super::traceparent::Traceparent;
use super::wire::{self, parse_timeout, timeout_value};

const CALL: &str = ";call";
const CANCEL: &str = ";cancel";
const TIMEOUT: &str = "timeout=";
const CHAIN: &str = "chain=";
const TRACEPARENT: &str = "traceparent=";
const PARTS: &str = "parts";
const REPLIES: &str = "replies";
const BASE64: &str = "base64";
const ENTRY: &str = ";service";

/// How a host lists a service among the callbacks that it registers.
pub fn entry(service: &str) -> String {
    format!("{service}{ENTRY}")
}

/// The service of such an entry; `None` for the name of a callback.
///
/// # Errors
/// [`InvalidName`] if no service can have the name.
pub fn service_of_entry(entry: &str) -> Result<Option<&str>, InvalidName> {
    let Some(service) = entry.strip_suffix(ENTRY) else { return Ok(None) };
    check_service(service)?;
    Ok(Some(service))
}

/// Whether an event can be one of a service, and is no callback.
#[inline]
pub fn is_of_service(event_type: &str) -> bool {
    memchr::memchr(b';', event_type.as_bytes())
        .is_some_and(|at| event_type[at..] != *wire::EVENT_BASE64_SUFFIX)
}

/// The type of an event that calls a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceCall<'a> {
    /// The service's name.
    pub service: &'a str,
    /// The wire name of its method.
    pub method: &'a str,
    /// The time that the caller has left.
    pub timeout: Option<Duration>,
    /// The calls that it is within, as they are sent; may be empty.
    pub chain: &'a str,
    /// The caller's place in a trace, if it has one.
    pub traceparent: Option<Traceparent>,
    /// Whether the reply may consist of parts.
    pub accepts_parts: bool,
    /// Whether the reply may be an event of a stream of replies.
    pub takes_stream: bool,
    /// Whether the data are base64.
    pub is_base64: bool,
}

/// What an event of a service says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceEvent<'a> {
    /// A method is called; the data are its arguments.
    Call(ServiceCall<'a>),
    /// The caller of the event whose id is the data needs no reply any more.
    Cancel,
}

impl<'a> ServiceEvent<'a> {
    /// Reads the type of an event; `None` if it is none that this version knows.
    pub fn read(event_type: &'a str) -> Option<Self> {
        if event_type.ends_with(CANCEL) {
            return Some(Self::Cancel);
        }
        // A method's name may contain a `;`, and what follows the last mark does not contain it.
        let at = event_type.rfind(CALL)?;
        let (name, options) = (&event_type[..at], &event_type[at + CALL.len()..]);
        let (service, method) = name.split_once('/')?;
        let mut call = ServiceCall {
            service,
            method,
            timeout: None,
            chain: "",
            traceparent: None,
            accepts_parts: false,
            takes_stream: false,
            is_base64: false,
        };
        for option in options.split(';').skip(1) {
            match option {
                PARTS => call.accepts_parts = true,
                REPLIES => call.takes_stream = true,
                BASE64 => call.is_base64 = true,
                // What is added later can be done without.
                _ => {
                    if let Some(millis) = option.strip_prefix(TIMEOUT) {
                        call.timeout = Some(parse_timeout(millis.as_bytes())?);
                    } else if let Some(chain) = option.strip_prefix(CHAIN) {
                        call.chain = chain;
                    } else if let Some(trace) = option.strip_prefix(TRACEPARENT) {
                        call.traceparent = Traceparent::parse(trace.as_bytes());
                    }
                }
            }
        }
        Some(Self::Call(call))
    }
}

impl ServiceCall<'_> {
    /// The event's type.
    pub fn event_type(&self) -> String {
        let Self { service, method, timeout, chain, traceparent, .. } = self;
        // Room for the options, so that the text is not moved.
        let mut text = String::with_capacity(service.len() + method.len() + chain.len() + 96);
        text.extend([service, "/", method, CALL]);
        if let Some(timeout) = timeout {
            let mut digits = itoa::Buffer::new();
            text.extend([";", TIMEOUT, digits.format(timeout_value(*timeout))]);
        }
        if !chain.is_empty() {
            text.extend([";", CHAIN, chain]);
        }
        if let Some(traceparent) = traceparent {
            // Writing to a string cannot fail.
            let _ = write!(text, ";{TRACEPARENT}{traceparent}");
        }
        let options =
            [(PARTS, self.accepts_parts), (REPLIES, self.takes_stream), (BASE64, self.is_base64)];
        for (option, is_set) in options {
            if is_set {
                text.extend([";", option]);
            }
        }
        text
    }
}

/// The type of the event that takes a call of this method back.
pub fn cancel_type(service: &str, method: &str) -> String {
    format!("{service}/{method}{CANCEL}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: ServiceCall<'static> = ServiceCall {
        service: "acme.Database",
        method: "query",
        timeout: Some(Duration::from_millis(1500)),
        chain: "",
        traceparent: None,
        accepts_parts: false,
        takes_stream: false,
        is_base64: false,
    };

    #[test]
    fn a_call_reads_back_from_its_type() {
        assert_eq!(QUERY.event_type(), "acme.Database/query;call;timeout=1500");
        for method in ["query", "a;call", "x;cancel;call;timeout=1", "ü;base64"] {
            for (accepts_parts, is_base64) in [(false, false), (true, false), (true, true)] {
                for timeout in [None, QUERY.timeout] {
                    let call = ServiceCall { method, timeout, accepts_parts, is_base64, ..QUERY };
                    let chain = if is_base64 { "acme.A/m,B/x%3B" } else { "" };
                    let traceparent = Traceparent::new(7, 9, accepts_parts);
                    let takes_stream = accepts_parts != is_base64;
                    let call = ServiceCall { chain, traceparent, takes_stream, ..call };
                    let text = call.event_type();
                    assert_eq!(ServiceEvent::read(&text), Some(ServiceEvent::Call(call)), "{text}");
                    assert!(is_of_service(&text), "{text}");
                }
            }
        }
    }

    #[test]
    fn options_that_are_not_known_are_ignored_and_a_call_without_a_method_is_none() {
        let later = "acme.Database/query;call;later=1;timeout=1500";
        assert_eq!(ServiceEvent::read(later), Some(ServiceEvent::Call(QUERY)));
        for text in ["query;call", "progress", "progress;base64", "a/b;call;timeout=soon", ""] {
            assert_eq!(ServiceEvent::read(text), None, "{text}");
        }
    }

    #[test]
    fn callbacks_are_told_from_services() {
        for callback in ["progress", "image;base64", "github.com/acme/app.OnEvent", ""] {
            assert!(!is_of_service(callback), "{callback}");
        }
        let cancel = cancel_type("Database", "query");
        assert!(is_of_service(&cancel));
        assert_eq!(ServiceEvent::read(&cancel), Some(ServiceEvent::Cancel));
        assert_eq!(service_of_entry("progress"), Ok(None));
        assert_eq!(service_of_entry(&entry("acme.Store")), Ok(Some("acme.Store")));
        for bad in [";service", "a/b;service", "a;b;service", "a\nb;service"] {
            assert!(service_of_entry(bad).is_err(), "{bad}");
        }
    }
}
