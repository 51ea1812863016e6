//! The `.pconf` file: describes a plugin in its folder.
//!
//! Keys may be in any case, and unknown keys are kept. Everything else is checked strictly, and each
//! fault is one sentence that names the key: people read it in a `Rejected` event. A [`Pconf`]
//! follows all rules, so that nothing has to be checked again.

mod read;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use read::{RawJson, exec, protocol, sha256, sock, url, version};

use super::descriptor::{CallbackDescriptor, Descriptor, MethodDescriptor};
use super::name::{InvalidName, PluginId};
use super::wire;

/// The extension of the file's name.
pub const EXTENSION: &str = "pconf";

/// Why a `.pconf` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PconfError {
    /// The file has no content.
    #[error("the file is empty")]
    Empty,
    /// The content is not a JSON object.
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
    /// Unknown keys, which are kept when the file is rewritten.
    other: Vec<(String, RawJson)>,
}

impl Pconf {
    /// The `.pconf` of a plugin with this descriptor. It still needs a socket or a program: see
    /// [`Pconf::with_sock`] and [`Pconf::with_exec`].
    ///
    /// # Errors
    /// [`PconfError`] for a name that goplug does not write, a version that is not a semantic
    /// version, or protocol 0.
    pub fn of(descriptor: &Descriptor) -> Result<Self, PconfError> {
        let id = PluginId::new(&descriptor.name, &descriptor.namespace)?;
        Ok(Self {
            url: wire::default_url(id.name(), id.namespace()),
            id,
            sock: None,
            lazy_load: false,
            version: descriptor.version.as_deref().map(version).transpose()?,
            protocol: protocol(descriptor.protocol)?,
            exec: None,
            sha256: None,
            methods: descriptor.methods.clone(),
            callbacks: descriptor.callbacks.clone(),
            other: Vec::new(),
        })
    }

    /// Sets the URL.
    ///
    /// # Errors
    /// [`PconfError::Key`] unless it has a scheme, an authority and no path.
    pub fn with_url(mut self, text: &str) -> Result<Self, PconfError> {
        self.url = url(&self.id, Some(text.into()))?;
        Ok(self)
    }

    /// Sets the path of the socket.
    ///
    /// # Errors
    /// [`PconfError::Key`] if the path is empty, is not UTF-8, or holds a zero byte.
    pub fn with_sock(self, path: impl Into<PathBuf>) -> Result<Self, PconfError> {
        Ok(Self { sock: Some(sock(path.into())?), ..self })
    }

    /// Sets whether the plugin is loaded only on demand.
    #[must_use]
    pub fn with_lazy_load(self, lazy_load: bool) -> Self {
        Self { lazy_load, ..self }
    }

    /// Sets the program and its arguments.
    ///
    /// # Errors
    /// [`PconfError::Key`] if there is no program, or its relative path leaves the folder.
    pub fn with_exec(self, argv: Vec<String>) -> Result<Self, PconfError> {
        Ok(Self { exec: Some(exec(argv)?), ..self })
    }

    /// Sets the digest of the program: 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`PconfError::Key`] for anything else.
    pub fn with_sha256(self, digest: &str) -> Result<Self, PconfError> {
        Ok(Self { sha256: Some(sha256(digest.into())?), ..self })
    }

    /// The plugin's name and namespace.
    pub fn id(&self) -> &PluginId {
        &self.id
    }

    /// The plugin's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path of the socket, relative to `folder`, in which the file lies; absolute if `folder`
    /// is. `None` if the file names no socket: then the registry starts the plugin.
    pub fn sock_path(&self, folder: &Path) -> Option<PathBuf> {
        self.sock.as_ref().map(|sock| folder.join(sock))
    }

    /// Whether the plugin is loaded only on demand.
    pub fn lazy_load(&self) -> bool {
        self.lazy_load
    }

    /// The plugin's version.
    pub fn version(&self) -> Option<&semver::Version> {
        self.version.as_ref()
    }

    /// The protocol version that the file claims; 1 if it claims none. The version that the plugin
    /// really speaks is known after its activation.
    pub fn protocol(&self) -> u32 {
        self.protocol
    }

    /// The program and its arguments; `None` for a plugin that starts itself.
    pub fn exec(&self) -> Option<&[String]> {
        self.exec.as_deref()
    }

    /// The path of the program, relative to `folder`, in which the file lies; absolute if `folder`
    /// is. `None` for a plugin that starts itself.
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

    /// The file's content: an indented JSON object and a line end.
    pub fn to_json(&self) -> String {
        // Strings, numbers and paths in UTF-8: serializing them cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
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
    fn unknown_keys_are_kept_and_known_ones_are_normalised() {
        let pconf = parse(r#"{"x-mine":{"b":[1]},"name":"a","sock":"s","protocol":2}"#).unwrap();
        let text = pconf.to_json();
        assert!(text.starts_with("{\n  \"Name\": \"a\",\n  \"NameSpace\": \"\",\n"), "{text}");
        assert!(text.contains("\"Protocol\": 2"), "{text}");
        assert!(text.contains("\"x-mine\""), "{text}");
        assert_eq!(parse(&text).unwrap(), pconf);
    }

    #[test]
    fn every_setting_reads_back_from_the_file() {
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
            .unwrap()
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
    fn anything_but_an_object_is_refused() {
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
    fn a_duplicate_key_is_refused_in_any_case() {
        let text = r#"{"Name":"a","name":"b","Sock":"s"}"#;
        assert!(reason(text).contains(r#"the key "name" is given twice"#), "{}", reason(text));
    }

    #[test]
    fn many_keys_are_read_in_linear_time() {
        let keys: Vec<_> = (0..80_000).map(|n| format!("\"{n}\":0")).collect();
        let started = std::time::Instant::now();
        parse(&format!(r#"{{"Name":"a","Sock":"s",{}}}"#, keys.join(","))).unwrap();
        assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    }

    #[test]
    fn a_name_that_is_not_valid_in_a_url_keeps_its_default_url() {
        let pconf = parse(r#"{"Name":"my plugin?","Sock":"s"}"#).unwrap();
        assert_eq!(pconf.url(), "unix://my plugin?");
        assert_eq!(parse(&pconf.to_json()).unwrap(), pconf);
    }

    #[test]
    fn invalid_values_are_refused_before_they_are_written() {
        let descriptor =
            |protocol| serde_json::from_str(&format!(r#"{{"name":"a","protocol":{protocol}}}"#));
        let fault = Pconf::of(&descriptor(0).unwrap()).unwrap_err().to_string();
        assert_eq!(fault, "Protocol: 0 is not a version of the protocol");

        let fault = |sock: PathBuf| {
            Pconf::of(&descriptor(2).unwrap()).unwrap().with_sock(sock).unwrap_err().to_string()
        };
        assert_eq!(fault(PathBuf::new()), "Sock: is empty");
        assert_eq!(fault("a\0b".into()), "Sock: holds a zero byte");
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStringExt;
            let path = std::ffi::OsString::from_vec(b"/tmp/\xff".to_vec());
            assert_eq!(fault(path.into()), "Sock: \"/tmp/\\xFF\" is not UTF-8");
        }
    }
}
