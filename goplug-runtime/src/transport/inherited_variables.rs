//! Which variables of the environment a process gets of its parent.

use std::ffi::OsStr;

use super::INHERITED;

/// How the names of further such variables begin: `LC_ALL`, `LC_CTYPE` and their like.
const INHERITED_LOCALE: &str = "LC_";

/// Whether a process gets this variable of its parent, unless somebody says otherwise. The name is as
/// [`variable_name`](super::variable_name) returns it.
pub fn is_inherited(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| INHERITED.contains(&name) || name.starts_with(INHERITED_LOCALE))
}
