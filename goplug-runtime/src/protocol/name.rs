//! Names of plugins, methods and callbacks, and which of them are allowed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::visible::is_hidden;
use super::wire;

/// The longest plugin name or namespace that goplug writes, in bytes.
pub const MAX_PLUGIN_NAME: usize = 64;

/// The longest method name, in bytes. The plugin names and namespaces of other libraries may be as
/// long.
pub const MAX_MEMBER_NAME: usize = 256;

/// The longest callback name, in bytes. The hosts of the original GoPlug use the qualified names of
/// Go functions, which begin with the path of a repository.
pub const MAX_CALLBACK_NAME: usize = 1024;

/// The longest name of a service, in bytes: a plugin's namespace and name, and a dot between.
pub const MAX_SERVICE_NAME: usize = 2 * MAX_MEMBER_NAME + 1;

/// A name that breaks one of the rules; its text says which rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} name {name:?} {rule}")]
pub struct InvalidName {
    what: &'static str,
    name: String,
    rule: &'static str,
}

impl InvalidName {
    fn new(what: &'static str, name: &str, rule: &'static str) -> Self {
        // A hostile name must not fill a log file.
        let name = name.chars().take(MAX_MEMBER_NAME).collect();
        Self { what, name, rule }
    }
}

/// Identifies a plugin: a name within a namespace. The namespace may be empty.
///
/// Cloning copies two pointers. It is displayed as `namespace.name`, or as `name` if the namespace
/// is empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginId {
    namespace: Arc<str>,
    name: Arc<str>,
}

impl PluginId {
    /// An id that goplug may write: the name matches `[A-Za-z0-9_-]{1,64}`, the namespace
    /// `[A-Za-z0-9_.-]{0,64}`.
    ///
    /// # Errors
    /// [`InvalidName`] says which of the two breaks which rule.
    pub fn new(name: &str, namespace: &str) -> Result<Self, InvalidName> {
        if name.is_empty() {
            return Err(InvalidName::new("plugin", name, "is empty"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !name.chars().all(plain) {
            return Err(InvalidName::new("plugin", name, "may hold only A-Z a-z 0-9 _ -"));
        }
        if !namespace.chars().all(|c| plain(c) || c == '.') {
            return Err(InvalidName::new(
                "namespace",
                namespace,
                "may hold only A-Z a-z 0-9 _ - .",
            ));
        }
        if name.len() > MAX_PLUGIN_NAME {
            return Err(InvalidName::new("plugin", name, "is longer than 64 bytes"));
        }
        if namespace.len() > MAX_PLUGIN_NAME {
            return Err(InvalidName::new("namespace", namespace, "is longer than 64 bytes"));
        }
        Self::read(name, namespace)
    }

    /// An id as other libraries may have written it. The name is not empty; name and namespace have
    /// at most 256 bytes, contain no `/`, `\`, control or invisible character, and are not `.` or `..`.
    ///
    /// # Errors
    /// [`InvalidName`] says which of the two breaks which rule.
    pub fn read(name: &str, namespace: &str) -> Result<Self, InvalidName> {
        if name.is_empty() {
            return Err(InvalidName::new("plugin", name, "is empty"));
        }
        for (what, text) in [("plugin", name), ("namespace", namespace)] {
            if text.len() > MAX_MEMBER_NAME {
                return Err(InvalidName::new(what, text, "is longer than 256 bytes"));
            }
            if text.chars().any(|c| c == '/' || c == '\\' || is_hidden(c)) {
                return Err(InvalidName::new(
                    what,
                    text,
                    "holds a path separator, or a control or invisible character",
                ));
            }
            if text == "." || text == ".." {
                return Err(InvalidName::new(what, text, "is a folder's own name"));
            }
        }
        Ok(Self { namespace: namespace.into(), name: name.into() })
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The plugin's namespace; empty if it has none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
}

impl fmt::Display for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Qualified { namespace: &self.namespace, name: &self.name }.fmt(f)
    }
}

/// As [`PluginId::read`], of what [`Display`](fmt::Display) shows: the last dot separates the name from its
/// namespace.
impl FromStr for PluginId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let Qualified { namespace, name } = Qualified::of(text);
        Self::read(name, namespace)
    }
}

/// A name with its namespace, if it has one: `math.Calculator`.
pub(crate) struct Qualified<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Qualified<'a> {
    /// What is shown as this text.
    pub(crate) fn of(text: &'a str) -> Self {
        let (namespace, name) = text.rsplit_once('.').unwrap_or(("", text));
        Self { namespace, name }
    }
}

impl fmt::Display for Qualified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}.", self.namespace)?;
        }
        f.write_str(self.name)
    }
}

impl fmt::Debug for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PluginId({self})")
    }
}

/// Checks a method's wire name: not empty, at most 256 bytes, no control
/// or invisible character, no `/`, not one of [`wire::RESERVED`].
///
/// # Errors
/// [`InvalidName`] says which rule is broken.
pub fn check_method(name: &str) -> Result<(), InvalidName> {
    check_text("method", name)?;
    if name.len() > MAX_MEMBER_NAME {
        return Err(InvalidName::new("method", name, "is longer than 256 bytes"));
    }
    if name.contains('/') {
        return Err(InvalidName::new("method", name, "holds a `/`, which ends it in a path"));
    }
    if wire::RESERVED.contains(&name) {
        return Err(InvalidName::new("method", name, "is reserved by the protocol"));
    }
    Ok(())
}

/// Checks a callback's wire name: not empty, at most [`MAX_CALLBACK_NAME`] bytes, no control
/// or invisible character, no `;`, which marks base64 in the event stream, and not [`wire::EVENT_GAP`].
///
/// A `/` is allowed, other than in a method's name: callback names are in no path.
///
/// # Errors
/// [`InvalidName`] says which rule is broken.
pub fn check_callback(name: &str) -> Result<(), InvalidName> {
    check_text("callback", name)?;
    if name.len() > MAX_CALLBACK_NAME {
        return Err(InvalidName::new("callback", name, "is longer than 1024 bytes"));
    }
    if name.contains(';') {
        return Err(InvalidName::new("callback", name, "holds a `;`"));
    }
    if name == wire::EVENT_GAP {
        return Err(InvalidName::new("callback", name, "is reserved by the protocol"));
    }
    Ok(())
}

/// Checks the name of a service: that of a contract, or of a plugin with its namespace. It is not
/// empty, has at most [`MAX_SERVICE_NAME`] bytes, and contains no control or invisible character and no
/// `/`, `\\` or `;`.
///
/// # Errors
/// [`InvalidName`] says which rule is broken.
pub fn check_service(name: &str) -> Result<(), InvalidName> {
    check_text("service", name)?;
    if name.len() > MAX_SERVICE_NAME {
        return Err(InvalidName::new("service", name, "is longer than 513 bytes"));
    }
    if name.contains(['/', '\\', ';']) {
        return Err(InvalidName::new("service", name, "holds a `/`, `\\` or `;`"));
    }
    Ok(())
}

/// The rules that all names of members share.
fn check_text(what: &'static str, name: &str) -> Result<(), InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::new(what, name, "is empty"));
    }
    if name.chars().any(is_hidden) {
        return Err(InvalidName::new(what, name, "holds a control or invisible character"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_displayed_with_its_namespace() {
        assert_eq!(PluginId::new("Do", "Test").unwrap().to_string(), "Test.Do");
        assert_eq!(PluginId::new("Do", "").unwrap().to_string(), "Do");
    }

    #[test]
    fn an_id_is_read_as_it_is_displayed() {
        for (name, namespace) in [("Do", ""), ("Do", "Test"), ("Do", "acme.tools")] {
            let id = PluginId::new(name, namespace).unwrap();
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert!("".parse::<PluginId>().is_err());
        assert!("acme.".parse::<PluginId>().is_err());
    }

    #[test]
    fn path_traversals_are_refused() {
        for name in
            ["", "..", ".", "../x", "a/b", "a\\b", "a\0b", "a\nb", "a\u{202e}b", "a\u{200b}"]
        {
            assert!(PluginId::read(name, "").is_err(), "{name:?}");
        }
        assert!(PluginId::read("x", "../y").is_err());
    }

    #[test]
    fn names_are_read_more_leniently_than_written() {
        assert!(PluginId::new("mein Plugin", "").is_err());
        assert!(PluginId::read("mein Plugin", "").is_ok());
    }

    #[test]
    fn reserved_method_names_are_refused() {
        for name in wire::RESERVED {
            assert!(check_method(name).unwrap_err().to_string().contains("reserved"));
        }
        assert!(check_method("main.Do").is_ok());
    }

    #[test]
    fn the_qualified_names_of_go_functions_are_names_of_callbacks_only() {
        for name in [
            "main.callBack",
            "github.com/acme/app/handlers.OnEvent",
            "github.com/acme/app/handlers.(*Server).OnEvent-fm",
            "gopkg.in/acme/app%2ev3.init.0.func1",
            "github.com/acme/app.F[...]",
        ] {
            assert_eq!(check_callback(name), Ok(()), "{name}");
            assert_eq!(check_method(name).is_err(), name.contains('/'), "{name}");
        }
    }
}
