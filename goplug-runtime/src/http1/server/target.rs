//! The target of a request: what the line after the method names.

use crate::http1::syntax::{has_dot_segment, is_path};

/// The path and query of a target: of a path, or of an `http` URL, which has to name the same host
/// as the `Host` header.
///
/// # Errors
/// What is wrong with it.
pub(super) fn path_of_target<'a>(
    target: &'a str,
    host: Option<&[u8]>,
) -> Result<&'a str, &'static str> {
    const NO_PATH: &str = "its target is neither a path nor an `http` URL of a path";
    let path = if target.starts_with('/') {
        target
    } else {
        let (scheme, rest) = target.split_once("://").ok_or(NO_PATH)?;
        let (authority, path) = rest.split_at(rest.find('/').ok_or(NO_PATH)?);
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(NO_PATH);
        }
        if !host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_bytes())) {
            return Err("its target and its Host header name different hosts");
        }
        path
    };
    if !is_path(path) {
        return Err("its path contains a character that has to be percent-encoded");
    }
    if has_dot_segment(path) {
        return Err("its path contains a segment `.` or `..`");
    }
    Ok(path)
}
