//! The `.pconf` file: what a plugin's folder says of it.
//!
//! A file is read leniently in what does not matter (case of keys, keys of others)
//! and strictly in what does: each fault is one sentence that names the key, since
//! it ends up in a `rejected` event that somebody has to act upon. A value of this
//! type obeys all the rules, so nobody has to check it again.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::descriptor::{CallbackDescriptor, Descriptor, MethodDescriptor};
use super::name::{InvalidName, PluginId};
use super::wire;

/// How the name of every such file ends.
pub const EXTENSION: &str = "pconf";

/// Why a `.pconf` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PconfError {
    /// The file has no content.
    #[error("the file is empty")]
    Empty,
    /// It is not one JSON object.
    #[error("not a JSON object: {0}")]
    Json(#[source] serde_json::Error),
    /// A name or namespace is not allowed.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A key is missing or has a value that it cannot have.
    #[error("{key}: {reason}")]
    Key {
        /// The key, as the protocol writes it.
        key: &'static str,
        /// What is wrong, for people.
        reason: String,
    },
}

fn fault<T>(key: &'static str, reason: impl Into<String>) -> Result<T, PconfError> {
    Err(PconfError::Key { key, reason: reason.into() })
}

/// The content of a `.pconf` file.
#[derive(Clone, Debug, PartialEq)]
pub struct Pconf {
    id: PluginId,
    url: String,
    sock: Option<PathBuf>,
    lazy_load: bool,
    version: Option<semver::Version>,
    protocol: u32,
    exec: Option<Vec<String>>,
    sha256: Option<String>,
    methods: Vec<MethodDescriptor>,
    callbacks: Vec<CallbackDescriptor>,
    /// Keys of others, kept for rewriting.
    other: Vec<(String, Value)>,
}

impl Pconf {
    /// What a descriptor says. It still lacks where the plugin is to be found: see
    /// [`Pconf::with_sock`] and [`Pconf::with_exec`].
    ///
    /// # Errors
    /// [`PconfError`] for a name that goplug does not write, or a version that is not
    /// a semantic one.
    pub fn of(descriptor: &Descriptor) -> Result<Self, PconfError> {
        let id = PluginId::new(&descriptor.name, &descriptor.namespace)?;
        Ok(Self {
            url: wire::default_url(id.name(), id.namespace()),
            id,
            sock: None,
            lazy_load: false,
            version: descriptor.version.as_deref().map(version).transpose()?,
            protocol: descriptor.protocol,
            exec: None,
            sha256: None,
            methods: descriptor.methods.clone(),
            callbacks: descriptor.callbacks.clone(),
            other: Vec::new(),
        })
    }

    /// Reads a file's content.
    ///
    /// # Errors
    /// [`PconfError`] names the first key at fault.
    pub fn parse(text: &[u8]) -> Result<Self, PconfError> {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        if text.trim_ascii().is_empty() {
            return Err(PconfError::Empty);
        }
        let mut keys = Keys(serde_json::from_slice::<Pairs>(text).map_err(PconfError::Json)?.0);
        let name: String = match keys.take("Name")? {
            Some(name) => name,
            None => return fault("Name", "is missing"),
        };
        let id = PluginId::read(&name, &keys.take::<String>("NameSpace")?.unwrap_or_default())?;
        let pconf = Self {
            url: url(&id, keys.take("Url")?)?,
            id,
            sock: sock(keys.take("Sock")?)?,
            lazy_load: keys.take("LazyLoad")?.unwrap_or(false),
            version: match keys.take::<String>("Version")?.filter(|text| !text.is_empty()) {
                Some(text) => Some(version(&text)?),
                None => None,
            },
            protocol: protocol(keys.take("Protocol")?)?,
            exec: keys.take("Exec")?.map(exec).transpose()?,
            sha256: keys.take("Sha256")?.map(sha256).transpose()?,
            methods: keys.take("Methods")?.unwrap_or_default(),
            callbacks: keys.take("Callbacks")?.unwrap_or_default(),
            other: keys.0,
        };
        if pconf.sock.is_none() && pconf.exec.is_none() {
            return fault("Sock", "is missing, and so is Exec: there is no way to the plugin");
        }
        Ok(pconf)
    }

    /// The same with this URL.
    ///
    /// # Errors
    /// [`PconfError::Key`] unless it has a scheme, an authority and no path.
    pub fn with_url(mut self, text: &str) -> Result<Self, PconfError> {
        self.url = url(&self.id, Some(text.into()))?;
        Ok(self)
    }

    /// The same with this socket.
    #[must_use]
    pub fn with_sock(self, sock: impl Into<PathBuf>) -> Self {
        Self { sock: Some(sock.into()), ..self }
    }

    /// The same with this answer to whether it is loaded only when asked for.
    #[must_use]
    pub fn with_lazy_load(self, lazy_load: bool) -> Self {
        Self { lazy_load, ..self }
    }

    /// The same with this program and its arguments.
    ///
    /// # Errors
    /// [`PconfError::Key`] where there is no program, or one that leaves the folder by
    /// a relative path.
    pub fn with_exec(self, argv: Vec<String>) -> Result<Self, PconfError> {
        Ok(Self { exec: Some(exec(argv)?), ..self })
    }

    /// The same with this digest of the program: 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`PconfError::Key`] where it is anything else.
    pub fn with_sha256(self, digest: &str) -> Result<Self, PconfError> {
        Ok(Self { sha256: Some(sha256(digest.into())?), ..self })
    }

    /// The same with those keys of another file that goplug does not know: what a file
    /// that is rewritten keeps.
    #[must_use]
    pub fn with_unknown_keys_of(self, other: &Self) -> Self {
        Self { other: other.other.clone(), ..self }
    }

    /// Which plugin this is.
    pub fn id(&self) -> &PluginId {
        &self.id
    }

    /// The plugin's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The socket as an absolute path, if `folder`, which holds the file, is one.
    /// `None` where the file names none: a plugin that the registry starts.
    pub fn sock_path(&self, folder: &Path) -> Option<PathBuf> {
        self.sock.as_ref().map(|sock| folder.join(sock))
    }

    /// Whether the plugin is loaded only when it is asked for.
    pub fn lazy_load(&self) -> bool {
        self.lazy_load
    }

    /// The plugin's version.
    pub fn version(&self) -> Option<&semver::Version> {
        self.version.as_ref()
    }

    /// The protocol version that the file claims: 1 where it claims none. What a
    /// plugin really speaks shows at its activation.
    pub fn protocol(&self) -> u32 {
        self.protocol
    }

    /// The program and its arguments; `None` for a plugin that starts itself.
    pub fn exec(&self) -> Option<&[String]> {
        self.exec.as_deref()
    }

    /// The program as an absolute path, if `folder`, which holds the file, is one.
    pub fn program(&self, folder: &Path) -> Option<PathBuf> {
        self.exec.as_ref().and_then(|argv| argv.first()).map(|program| folder.join(program))
    }

    /// The program's SHA-256 digest, in lower-case hexadecimal digits.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// The methods that the file names.
    pub fn methods(&self) -> &[MethodDescriptor] {
        &self.methods
    }

    /// The callbacks that the file names.
    pub fn callbacks(&self) -> &[CallbackDescriptor] {
        &self.callbacks
    }

    /// The file's name: `<NameSpace>.<Name>.pconf`, or `<Name>.pconf`.
    pub fn file_name(&self) -> String {
        format!("{}.{EXTENSION}", self.id)
    }

    /// The file's content: one JSON object, indented, with a line end behind it.
    pub fn to_json(&self) -> String {
        // Strings, numbers and already valid JSON: serializing them cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn url(id: &PluginId, text: Option<String>) -> Result<String, PconfError> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(wire::default_url(id.name(), id.namespace())),
        Some(text) if wire::is_plugin_url(&text) => Ok(text),
        Some(text) => {
            fault("Url", format!("{text:?} is not a scheme, `://` and a name, without a path"))
        }
    }
}

fn sock(text: Option<String>) -> Result<Option<PathBuf>, PconfError> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if text.contains('\0') => fault("Sock", "holds a zero byte"),
        text => Ok(text.map(PathBuf::from)),
    }
}

fn version(text: &str) -> Result<semver::Version, PconfError> {
    semver::Version::parse(text).or_else(|error| {
        fault("Version", format!("{text:?} is not a semantic version such as 1.0.0: {error}"))
    })
}

fn protocol(number: Option<u32>) -> Result<u32, PconfError> {
    match number {
        Some(0) => fault("Protocol", "0 is not a version of the protocol"),
        number => Ok(number.unwrap_or(1)),
    }
}

fn exec(argv: Vec<String>) -> Result<Vec<String>, PconfError> {
    let program = argv.first().map(Path::new).unwrap_or(Path::new(""));
    if program.as_os_str().is_empty() {
        return fault("Exec", "names no program");
    }
    if argv.iter().any(|argument| argument.contains('\0')) {
        return fault("Exec", "holds a zero byte");
    }
    if program.is_relative() && program.components().any(|part| part == Component::ParentDir) {
        return fault("Exec", format!("{:?} leaves the plugin's folder", argv[0]));
    }
    Ok(argv)
}

fn sha256(mut digest: String) -> Result<String, PconfError> {
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return fault("Sha256", "is not 64 hexadecimal digits");
    }
    digest.make_ascii_lowercase();
    Ok(digest)
}

/// Keys and values, in the file's order, before anything is known of them.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Pairs, M::Error> {
                let mut pairs = Vec::<(String, Value)>::new();
                while let Some((key, value)) = map.next_entry::<String, _>()? {
                    if pairs.iter().any(|(other, _)| other.eq_ignore_ascii_case(&key)) {
                        return Err(de::Error::custom(format!("the key {key:?} is given twice")));
                    }
                    pairs.push((key, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// What has not been taken out of a file yet.
struct Keys(Vec<(String, Value)>);

impl Keys {
    /// Takes a key's value out; `null` is as good as absent.
    fn take<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<Option<T>, PconfError> {
        let Some(index) = self.0.iter().position(|(other, _)| other.eq_ignore_ascii_case(key))
        else {
            return Ok(None);
        };
        let (_, value) = self.0.remove(index);
        serde_json::from_value(value).or_else(|error| fault(key, error.to_string()))
    }
}

impl Serialize for Pconf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Name", self.id.name())?;
        map.serialize_entry("NameSpace", self.id.namespace())?;
        map.serialize_entry("Url", &self.url)?;
        if let Some(sock) = &self.sock {
            map.serialize_entry("Sock", sock)?;
        }
        map.serialize_entry("LazyLoad", &self.lazy_load)?;
        if let Some(version) = &self.version {
            map.serialize_entry("Version", version)?;
        }
        if self.protocol != 1 {
            map.serialize_entry("Protocol", &self.protocol)?;
        }
        if let Some(exec) = &self.exec {
            map.serialize_entry("Exec", exec)?;
        }
        if let Some(sha256) = &self.sha256 {
            map.serialize_entry("Sha256", sha256)?;
        }
        if !self.methods.is_empty() {
            map.serialize_entry("Methods", &self.methods)?;
        }
        if !self.callbacks.is_empty() {
            map.serialize_entry("Callbacks", &self.callbacks)?;
        }
        for (key, value) in &self.other {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINAL: &str = r#"{"Name":"Do","NameSpace":"Test","Url":"unix://TestDo",
        "Sock":"/tmp/plugins/Test.Do.sock","LazyLoad":false}"#;

    fn parse(text: &str) -> Result<Pconf, PconfError> {
        Pconf::parse(text.as_bytes())
    }

    fn reason(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_of_the_original_library_is_read() {
        let pconf = parse(ORIGINAL).unwrap();
        assert_eq!(pconf.id().to_string(), "Test.Do");
        assert_eq!(pconf.file_name(), "Test.Do.pconf");
        assert_eq!((pconf.protocol(), pconf.exec()), (1, None));
        assert_eq!(
            pconf.sock_path(Path::new("/elsewhere")).unwrap(),
            Path::new("/tmp/plugins/Test.Do.sock")
        );
    }

    #[test]
    fn keys_are_matched_without_regard_to_case_and_null_is_absent() {
        let pconf = parse(r#"{"name":"a","NAMESPACE":null,"SOCK":"a.sock"}"#).unwrap();
        assert_eq!(pconf.url(), "unix://a");
        assert_eq!(pconf.sock_path(Path::new("/p")).unwrap(), Path::new("/p/a.sock"));
    }

    #[test]
    fn unknown_keys_are_kept_and_known_ones_written_as_the_protocol_has_them() {
        let pconf = parse(r#"{"x-mine":{"b":[1]},"name":"a","sock":"s","protocol":2}"#).unwrap();
        let text = pconf.to_json();
        assert!(text.starts_with("{\n  \"Name\": \"a\",\n  \"NameSpace\": \"\",\n"), "{text}");
        assert!(text.contains("\"Protocol\": 2"), "{text}");
        assert!(text.contains("\"x-mine\""), "{text}");
        assert_eq!(parse(&text).unwrap(), pconf);
    }

    #[test]
    fn everything_that_can_be_said_survives_the_file() {
        let descriptor = Descriptor {
            name: "Calculator".into(),
            namespace: "math".into(),
            version: Some("1.2.3-rc.1".into()),
            protocol: 2,
            features: Vec::new(),
            methods: vec![MethodDescriptor { name: "add".into(), ..Default::default() }],
            callbacks: vec![CallbackDescriptor { name: "progress".into(), ..Default::default() }],
        };
        let pconf = Pconf::of(&descriptor)
            .unwrap()
            .with_url("unix://other")
            .unwrap()
            .with_sock("/run/c.sock")
            .with_lazy_load(true)
            .with_exec(vec!["bin/calc".into(), "--fast".into()])
            .unwrap()
            .with_sha256(&"A5".repeat(32))
            .unwrap();
        let read = parse(&pconf.to_json()).unwrap();
        assert_eq!(read, pconf);
        assert_eq!(read.program(Path::new("/p")).unwrap(), Path::new("/p/bin/calc"));
        assert_eq!(read.sha256(), Some("a5".repeat(32).as_str()));
        assert_eq!(read.version().unwrap().to_string(), "1.2.3-rc.1");
        assert_eq!(read.callbacks()[0].name, "progress");
    }

    #[test]
    fn what_is_no_object_says_so() {
        assert_eq!(reason(" \n"), "the file is empty");
        for text in ["[]", "{", "\"a\"", "{} {}", "{\"Name\":}"] {
            assert!(reason(text).starts_with("not a JSON object: "), "{}", reason(text));
        }
        assert!(Pconf::parse(b"{\"Name\":\"\xff\"}").is_err());
    }

    #[test]
    fn each_fault_names_its_key() {
        let with = |more: &str| reason(&format!(r#"{{"Name":"a","Sock":"s",{more}}}"#));
        assert_eq!(reason(r#"{"Sock":"s"}"#), "Name: is missing");
        assert!(reason(r#"{"Name":7}"#).starts_with("Name: invalid type: integer `7`"));
        assert!(reason(r#"{"Name":"../x","Sock":"s"}"#).contains("path separator"));
        assert!(reason(r#"{"Name":"a"}"#).starts_with("Sock: is missing, and so is Exec"));
        assert!(with(r#""Url":"unix://a/b""#).starts_with(r#"Url: "unix://a/b" is not"#));
        assert!(with(r#""Version":"one""#).starts_with(r#"Version: "one" is not a semantic"#));
        assert!(with(r#""Protocol":0"#).starts_with("Protocol: 0 is not"));
        assert!(with(r#""LazyLoad":"yes""#).starts_with("LazyLoad: invalid type"));
        assert!(with(r#""Exec":[]"#).starts_with("Exec: names no program"));
        assert!(with(r#""Exec":["../../bin/sh"]"#).contains("leaves the plugin's folder"));
        assert!(with(r#""Sha256":"abc""#).starts_with("Sha256: is not 64"));
        assert!(with(r#""Methods":[{"doc":"x"}]"#).starts_with("Methods: missing field `name`"));
    }

    #[test]
    fn a_key_that_is_given_twice_is_refused_whatever_its_case() {
        let text = r#"{"Name":"a","name":"b","Sock":"s"}"#;
        assert!(reason(text).contains(r#"the key "name" is given twice"#), "{}", reason(text));
    }
}
