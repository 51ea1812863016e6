//! The constants of the protocol: method names, headers, media types, variables.

use std::borrow::Cow;
use std::time::Duration;

use super::visible::is_hidden;

/// The protocol version that goplug speaks: GoPlug 2.
pub const PROTOCOL: u32 = 2;

/// Starts a plugin's service; the body is its configuration.
pub const ACTIVATE: &str = "Activate";
/// Ends a plugin's service.
pub const STOP: &str = "Stop";
/// Echoes its body.
pub const PING: &str = "Ping";
/// Opens a callback stream (GoPlug 2) or waits for one callback (GoPlug 1).
pub const REGISTER_CALLBACK: &str = "RegisterCallback";
/// Answers a callback that returns a value.
pub const CALLBACK_REPLY: &str = "CallbackReply";

/// Method names that a plugin cannot define.
pub const RESERVED: [&str; 5] = [ACTIVATE, STOP, PING, REGISTER_CALLBACK, CALLBACK_REPLY];

/// Where a plugin answers `GET` with its descriptor.
#[cfg(feature = "plugin")]
pub(crate) const ROOT_PATH: &str = "/";
/// Where a plugin with schemas answers `GET` with its OpenAPI document.
#[cfg(all(feature = "plugin", feature = "schema"))]
pub(crate) const OPENAPI_PATH: &str = "/openapi.json";

/// Where a plugin that serves the network answers `GET` for as long as it lives.
#[cfg(all(feature = "plugin", feature = "remote"))]
pub(crate) const LIVE_PATH: &str = "/livez";
/// Where such a plugin answers `GET` with whether it takes calls.
#[cfg(all(feature = "plugin", feature = "remote"))]
pub(crate) const READY_PATH: &str = "/readyz";

/// The protocol version; a peer that does not send this header speaks GoPlug 1.
pub const HEADER_PROTOCOL: &str = "goplug-protocol";
/// The header of a peer that speaks [`PROTOCOL`].
pub const GOPLUG_2: (&str, &str) = (HEADER_PROTOCOL, "2");
/// The caller's remaining budget, in whole milliseconds.
pub const HEADER_TIMEOUT: &str = "goplug-timeout";
/// The header with the milliseconds that calls in flight have after a [`STOP`].
pub const HEADER_GRACE: &str = "goplug-grace";
/// On one request of a connection: the plugin may give back requests that wait behind another
/// one, with an interim response of [`STATUS_GIVEN_BACK`].
pub const HEADER_PIPELINE: &str = "goplug-pipeline";
/// On one request of a connection: for how long the plugin is to busy poll the connection before
/// it waits for the next request, in microseconds.
pub const HEADER_BUSY_POLL: &str = "goplug-busy-poll";
/// A token that identifies the host of a callback stream.
pub const HEADER_HOST: &str = "goplug-host";
/// The instance of a plugin on another machine that answers, or that a request is for; the cookie of this name
/// says the same.
pub const HEADER_INSTANCE: &str = "goplug-instance";
/// The calls that a call is within, as a [`Chain`](super::chain::Chain).
pub const HEADER_CHAIN: &str = "goplug-chain";
/// The id of the last event that the host has seen.
pub const HEADER_LAST_EVENT_ID: &str = "last-event-id";
/// The media types that a caller can read.
pub const HEADER_ACCEPT: &str = "accept";
/// The place of a call in a distributed trace, as W3C Trace Context writes it.
pub const HEADER_TRACEPARENT: &str = "traceparent";
/// The other arguments of a call that sends a stream of bytes, as JSON.
pub const HEADER_ARGUMENTS: &str = "goplug-arguments";
/// The trailer of a body of bytes whose sender has failed: a problem document.
pub const HEADER_ERROR: &str = "goplug-error";
/// The media type of a body.
pub const HEADER_CONTENT_TYPE: &str = "content-type";

/// The interim status with which a plugin gives back the requests behind the current one: it has
/// begun none of them, and will not.
pub const STATUS_GIVEN_BACK: u16 = 102;

/// The status of a request whose head is longer than a plugin reads.
pub const STATUS_HEAD_TOO_LONG: u16 = 431;

/// The feature of plugins that support [`HEADER_PIPELINE`].
pub const FEATURE_PIPELINE: &str = "pipeline";

/// The feature of plugins that read and write bodies of the media type [`FORM_DATA`].
pub const FEATURE_PARTS: &str = "parts";

/// The feature of plugins that answer with a stream while they read one.
pub const FEATURE_DUPLEX: &str = "duplex";

/// Typed arguments and results.
pub const JSON: &str = "application/json";
/// Raw arguments and results.
pub const OCTET_STREAM: &str = "application/octet-stream";
/// Arguments and results with bytes beside other values.
pub const FORM_DATA: &str = "multipart/form-data";
/// The descriptor.
pub const DESCRIPTOR: &str = "application/vnd.goplug+json";
/// An error body, RFC 9457.
pub const PROBLEM: &str = "application/problem+json";
/// A stream of callbacks or of items.
pub const EVENT_STREAM: &str = "text/event-stream";

/// The event that says how many callbacks were lost.
pub const EVENT_GAP: &str = "gap";

/// The first event of a call that sends a stream: the other arguments.
pub const EVENT_ARGUMENTS: &str = "arguments";

/// The event that holds one item of a stream.
pub const EVENT_ITEM: &str = "item";

/// The event that ends a stream.
pub const EVENT_END: &str = "end";

/// The event that reports how far a call is.
pub const EVENT_PROGRESS: &str = "progress";
/// The event with the result of a call that reports.
pub const EVENT_RESULT: &str = "result";
/// The event of a stream of replies that is the result of a call.
pub const EVENT_REPLY: &str = "reply";
/// The event that ends a stream which has failed, or that is the failure of a call in a stream of replies.
/// Its data is a problem document.
pub const EVENT_ERROR: &str = "error";
/// The end of an event's type if its data is base64 of raw bytes.
pub const EVENT_BASE64_SUFFIX: &str = ";base64";

/// The first inherited descriptor in the systemd convention.
pub const LISTEN_FD: i32 = 3;
/// The name of the listener that a host passes (`LISTEN_FDNAMES`).
pub const LISTEN_FDNAME: &str = "goplug";
/// Environment: the process that the passed descriptors are meant for.
pub const ENV_LISTEN_PID: &str = "LISTEN_PID";
/// Environment: how many descriptors are passed, from [`LISTEN_FD`] on.
pub const ENV_LISTEN_FDS: &str = "LISTEN_FDS";
/// Environment: the names of the passed descriptors, separated by `:`.
pub const ENV_LISTEN_FDNAMES: &str = "LISTEN_FDNAMES";
/// Environment: the protocol version of the host that started this process.
pub const ENV_PROTOCOL: &str = "GOPLUG_PROTOCOL";
/// Environment: the name under which the plugin is to serve.
pub const ENV_NAME: &str = "GOPLUG_NAME";
/// Environment: the namespace under which the plugin is to serve.
pub const ENV_NAMESPACE: &str = "GOPLUG_NAMESPACE";
/// Environment: the path of the socket.
pub const ENV_SOCK: &str = "GOPLUG_SOCK";
/// Environment: the descriptor that reads end of file when the host is gone.
pub const ENV_LIFELINE: &str = "GOPLUG_LIFELINE";
/// Environment: which of its embedded plugins an executable is to serve as.
pub const ENV_EMBEDDED: &str = "GOPLUG_EMBEDDED";
/// Environment: what the host wants to know of the plugin's log, for example `info` or
/// `warn,my_crate=debug`.
pub const ENV_LOG: &str = "GOPLUG_LOG";
/// Environment of a host: which processes it uses in place of starting plugins, for example
/// `math.Calculator=/run/calculator.sock`. Several are separated by commas.
pub const ENV_ATTACH: &str = "GOPLUG_ATTACH";
/// How many plugins the process is nested in: a plugin that was started by a plugin that was started
/// by a host has 2. Set by hosts, and read by them alone.
pub const ENV_NESTING: &str = "GOPLUG_NESTING";

/// A budget in milliseconds, for [`HEADER_TIMEOUT`]. It is rounded up, so that a budget above zero
/// is never sent as zero.
pub fn timeout_value(budget: Duration) -> u64 {
    let part = u64::from(budget.subsec_nanos().div_ceil(1_000_000));
    budget.as_secs().saturating_mul(1000).saturating_add(part)
}

/// Reads [`HEADER_TIMEOUT`]; `None` if it is not a whole number of milliseconds.
pub fn parse_timeout(value: &[u8]) -> Option<Duration> {
    parse_number(value).map(Duration::from_millis)
}

/// Reads a whole number with optional blanks around it; `None` if it is something else, or too
/// large.
pub(crate) fn parse_number(text: &[u8]) -> Option<u64> {
    let digits = text.trim_ascii();
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// The default URL of a plugin: `unix://` + namespace + name.
pub fn default_url(name: &str, namespace: &str) -> String {
    format!("unix://{namespace}{name}")
}

/// Whether this can be a plugin's URL: a scheme, `://`, an authority and no path.
pub fn is_plugin_url(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, authority)| {
        let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        let authority_ok = !authority.is_empty()
            && !authority
                .contains(|c: char| "/?#\\".contains(c) || c.is_whitespace() || is_hidden(c));
        scheme_ok && authority_ok
    })
}

/// The method that a request's path names: its first segment, percent-decoded.
/// `None` if the segment is empty or does not decode to UTF-8.
pub fn method_of_path(path: &str) -> Option<Cow<'_, str>> {
    let segment = path.strip_prefix('/')?.split(['/', '?']).next()?;
    if segment.is_empty() {
        return None;
    }
    percent_decoded(segment)
}

/// A part of a URL without its escapes; `None` if an escape is invalid, or the bytes are not UTF-8.
pub(crate) fn percent_decoded(part: &str) -> Option<Cow<'_, str>> {
    if !part.contains('%') {
        return Some(part.into());
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().map(Into::into)
}

/// The path that calls a method: `/` and the name, percent-encoded but for
/// RFC 3986's unreserved characters.
pub fn path_of_method(method: &str) -> String {
    let mut path = Vec::with_capacity(method.len() + 1);
    write_path_of_method(method, &mut path);
    // Only ASCII was written.
    String::from_utf8(path).unwrap_or_default()
}

/// Appends [`path_of_method`] to `out`.
pub fn write_path_of_method(method: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push(b'/');
    if method.bytes().all(is_unreserved) {
        return out.extend_from_slice(method.as_bytes());
    }
    for byte in method.bytes() {
        if is_unreserved(byte) {
            out.push(byte);
        } else {
            out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// Whether a URL has this character as it is everywhere: RFC 3986's unreserved characters.
#[inline]
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_reads_back_from_its_path() {
        for name in ["main.Do", "straße %", "a?b#c", "100%"] {
            assert_eq!(method_of_path(&path_of_method(name)).unwrap(), name);
        }
    }

    #[test]
    fn further_segments_and_the_query_are_ignored() {
        assert_eq!(method_of_path("/main.Echo/extra").unwrap(), "main.Echo");
        assert_eq!(method_of_path("/add?x=1").unwrap(), "add");
    }

    #[test]
    fn paths_without_a_method_are_refused() {
        for path in ["", "/", "//b", "add", "/%", "/%zz", "/%ff"] {
            assert_eq!(method_of_path(path), None, "{path}");
        }
    }

    #[test]
    fn a_budget_above_zero_is_not_sent_as_zero() {
        assert_eq!(timeout_value(Duration::from_nanos(1)), 1);
        assert_eq!(parse_timeout(b" 250"), Some(Duration::from_millis(250)));
        for none in ["soon", "", "+5", "-1", "5.0", "18446744073709551616"] {
            assert_eq!(parse_timeout(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn a_url_has_an_authority_and_no_path() {
        assert!(is_plugin_url("unix://TestDo"));
        for url in ["", "unix://", "TestDo", "unix://a/b", "unix://a?b", "://x"] {
            assert!(!is_plugin_url(url), "{url}");
        }
    }
}
