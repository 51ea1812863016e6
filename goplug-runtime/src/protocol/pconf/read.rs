//! Reading a `.pconf`: its keys, and the rule for each of them.

use std::collections::HashSet;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::near_miss::{KNOWN, meant_by};
use super::{Pconf, PconfError, Permissions, PluginId, indented, wire};
use crate::protocol::remote_url::RemoteUrl;

/// What a file announces, without the rest of its content. To read only this needs much less code
/// than [`Pconf::parse`], in a program that reads no other files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The plugin's name and namespace.
    pub id: PluginId,
    /// Whether a registry starts the plugin.
    pub has_exec: bool,
    /// The socket, as it is written; `None` if it is absent or empty.
    pub sock: Option<PathBuf>,
}

impl Announcement {
    /// Reads it from a file's content.
    ///
    /// # Errors
    /// [`PconfError`] if the content is not a JSON object, or if one of these keys is at fault.
    pub fn parse(text: &[u8]) -> Result<Self, PconfError> {
        let mut keys = Keys::of(text)?;
        let name: String = keys.take("Name")?.unwrap_or_default();
        let namespace: String = keys.take("NameSpace")?.unwrap_or_default();
        let sock = keys.take::<String>("Sock")?.filter(|sock| !sock.is_empty());
        let has_exec = keys.take::<RawJson>("Exec")?.is_some();
        Ok(Self { id: PluginId::read(&name, &namespace)?, has_exec, sock: sock.map(Into::into) })
    }
}

impl Pconf {
    /// Reads a file's content.
    ///
    /// # Errors
    /// [`PconfError`] names the first key at fault.
    pub fn parse(text: &[u8]) -> Result<Self, PconfError> {
        let mut keys = Keys::of(text)?;
        let name: String = match keys.take("Name")? {
            Some(name) => name,
            None => return fault("Name", keys.missing("Name", "is missing")),
        };
        let id = PluginId::read(&name, &keys.take::<String>("NameSpace")?.unwrap_or_default())?;
        let alias_of = alias_of(keys.take("AliasOf")?)?.filter(|plugin| *plugin != id);
        let claimed = keys.take("Protocol")?.map(protocol).transpose()?;
        let mut pconf = Self {
            url: url(&id, keys.take("Url")?)?,
            id,
            alias_of,
            sock: match keys.take::<PathBuf>("Sock")? {
                Some(path) if !path.as_os_str().is_empty() => Some(sock(path)?),
                _ => None,
            },
            lazy_load: keys.take("LazyLoad")?.unwrap_or(false),
            version: match keys.take::<String>("Version")?.filter(|text| !text.is_empty()) {
                Some(text) => Some(version(&text)?),
                None => None,
            },
            protocol: 1,
            exec: keys.take::<Argv>("Exec")?.map(|argv| exec(argv.0)).transpose()?,
            sha256: keys.take("Sha256")?,
            development: keys.take("Development")?.unwrap_or(false),
            methods: keys.take("Methods")?.unwrap_or_default(),
            callbacks: keys.take("Callbacks")?.unwrap_or_default(),
            needs: keys.take("Needs")?.unwrap_or_default(),
            wants: keys.take("Wants")?.unwrap_or_default(),
            permissions: permissions(keys.take("Permissions")?.unwrap_or_default())?,
            configuration: keys.take("ConfigurationType")?,
            definitions: Arc::new(keys.take("$defs")?.unwrap_or_default()),
            other: keys.pairs,
        };
        pconf.check_way(claimed)?;
        Ok(pconf)
    }

    /// Checks that there is a way to the plugin, and sets the protocol that the file claims.
    fn check_way(&mut self, claimed: Option<u32>) -> Result<(), PconfError> {
        self.protocol = claimed.unwrap_or(1);
        if self.sock.is_some() || self.exec.is_some() {
            return Ok(());
        }
        if RemoteUrl::is_meant_by(&self.url) {
            if let Err(reason) = RemoteUrl::parse(&self.url) {
                return fault("Url", reason);
            }
            self.protocol = claimed.unwrap_or(wire::PROTOCOL);
            let is_original = self.protocol == 1;
            return match is_original {
                true => fault("Protocol", "is 1, and the original GoPlug serves no network"),
                false => Ok(()),
            };
        }
        let reason = "is missing, and so is Exec: there is no way to the plugin";
        let hint = self.misspelled_keys().find(|(_, known)| ["Sock", "Exec"].contains(known));
        let hint = hint.map(|(key, known)| format!(" ({key:?} is not known; is it {known}?)"));
        fault("Sock", format!("{reason}{}", hint.unwrap_or_default()))
    }

    /// The unknown keys that resemble a known one, and the known key, which the file does not have.
    pub fn misspelled_keys(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let meant = |key: &str| meant_by(key).filter(|known| !self.has(known));
        self.other.iter().filter_map(move |(key, _)| Some((key.as_str(), meant(key)?)))
    }

    /// Whether a known key has another value than its default.
    fn has(&self, known: &str) -> bool {
        match known {
            "NameSpace" => !self.id.namespace().is_empty(),
            "AliasOf" => self.alias_of.is_some(),
            "Sock" => self.sock.is_some(),
            "LazyLoad" => self.lazy_load,
            "Version" => self.version.is_some(),
            "Protocol" => self.protocol != 1,
            "Exec" => self.exec.is_some(),
            "Sha256" => self.sha256.is_some(),
            "Development" => self.development,
            "Methods" => !self.methods.is_empty(),
            "Callbacks" => !self.callbacks.is_empty(),
            "Needs" => !self.needs.is_empty(),
            "Wants" => !self.wants.is_empty(),
            "Permissions" => !self.permissions.is_empty(),
            "ConfigurationType" => self.configuration.is_some(),
            "$defs" => !self.definitions.is_empty(),
            // Always there, or with a default that differs from plugin to plugin.
            _ => true,
        }
    }

    /// The plugin that a file's content names, even if the file cannot be used for another reason.
    pub fn id_of(text: &[u8]) -> Option<PluginId> {
        let mut keys = Keys::of(text).ok()?;
        let name: String = keys.take("Name").ok()??;
        let namespace: Option<String> = keys.take("NameSpace").ok()?;
        PluginId::read(&name, &namespace.unwrap_or_default()).ok()
    }

    /// Takes over the unknown keys of another file's content, to keep them when that file is
    /// rewritten. If the content is not a JSON object, there are none.
    #[must_use]
    pub fn with_unknown_keys_of(self, text: &[u8]) -> Self {
        let mut other = Keys::of(text).map(|keys| keys.pairs).unwrap_or_default();
        other.retain(|(key, _)| !KNOWN.iter().any(|known| key.eq_ignore_ascii_case(known)));
        Self { other, ..self }
    }
}

/// The value of an unknown key, kept as text: it need not be understood.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct RawJson(Box<RawValue>);

/// Values are equal whose texts differ in space alone: a file is indented when it is written.
impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        let text = |json: &Self| indented(json.0.get().as_bytes());
        text(self) == text(other)
    }
}

fn fault<T>(key: &'static str, reason: impl Into<String>) -> Result<T, PconfError> {
    Err(PconfError::Key { key, reason: reason.into() })
}

/// The plugin that a file gives another name; none if the key is absent or empty.
fn alias_of(text: Option<String>) -> Result<Option<PluginId>, PconfError> {
    let parse = |text: String| {
        text.parse().map_err(|error| PconfError::Key {
            key: "AliasOf",
            reason: format!("{text:?} is no plugin's name, as `acme.Store` is: {error}"),
        })
    };
    text.filter(|text| !text.is_empty()).map(parse).transpose()
}

pub(super) fn url(id: &PluginId, text: Option<String>) -> Result<String, PconfError> {
    let default = wire::default_url(id.name(), id.namespace());
    match text.filter(|text| !text.is_empty()) {
        None => Ok(default),
        // The name of a foreign plugin may contain characters that are not valid in a URL. Its
        // file still has the default URL after it is rewritten.
        Some(text) if text == default || wire::is_plugin_url(&text) => Ok(text),
        Some(text) if RemoteUrl::is_meant_by(&text) => match RemoteUrl::parse(&text) {
            Ok(_) => Ok(text),
            Err(reason) => fault("Url", reason),
        },
        Some(text) => {
            fault("Url", format!("{text:?} is not a scheme, `://` and a name, without a path"))
        }
    }
}

pub(super) fn sock(path: PathBuf) -> Result<PathBuf, PconfError> {
    match path.to_str() {
        None => fault("Sock", format!("{path:?} is not UTF-8")),
        Some("") => fault("Sock", "is empty"),
        Some(text) if text.contains('\0') => fault("Sock", "holds a zero byte"),
        Some(_) => Ok(path),
    }
}

pub(super) fn version(text: &str) -> Result<semver::Version, PconfError> {
    semver::Version::parse(text).or_else(|error| {
        fault("Version", format!("{text:?} is not a semantic version such as 1.0.0: {error}"))
    })
}

pub(super) fn protocol(number: u32) -> Result<u32, PconfError> {
    match number {
        0 => fault("Protocol", "0 is not a version of the protocol"),
        number => Ok(number),
    }
}

pub(super) fn permissions(asked: Permissions) -> Result<Permissions, PconfError> {
    match asked.check() {
        Ok(()) => Ok(asked),
        Err(reason) => fault("Permissions", reason),
    }
}

pub(super) fn exec(argv: Vec<String>) -> Result<Vec<String>, PconfError> {
    let program = argv.first().map(Path::new).unwrap_or(Path::new(""));
    if program.as_os_str().is_empty() {
        return fault("Exec", "names no program");
    }
    if argv.iter().any(|argument| argument.contains('\0')) {
        return fault("Exec", "holds a zero byte");
    }
    // On Windows, a path may begin at the root of a drive, or in the working folder of one, and be relative.
    let leaves = |part| !matches!(part, Component::Normal(_) | Component::CurDir);
    if program.is_relative() && program.components().any(leaves) {
        return fault("Exec", format!("{:?} leaves the plugin's folder", argv[0]));
    }
    Ok(argv)
}

/// Keys and values in the file's order.
struct Pairs(Vec<(String, RawJson)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Pairs, M::Error> {
                let mut pairs = Vec::<(String, RawJson)>::new();
                // A set, since a hostile file may have many keys.
                let mut seen = HashSet::new();
                while let Some((key, value)) = map.next_entry::<String, _>()? {
                    if !seen.insert(key.to_ascii_lowercase()) {
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

/// The program and its arguments.
struct Argv(Vec<String>);

impl<'de> Deserialize<'de> for Argv {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Argv;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"a list of strings, such as ["./plugin", "--verbose"]"#)
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Argv, S::Error> {
                let mut argv = Vec::new();
                while let Some(argument) = list.next_element()? {
                    argv.push(argument);
                }
                Ok(Argv(argv))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// The keys of a file that have not been read yet.
struct Keys<'t> {
    pairs: Vec<(String, RawJson)>,
    /// The file's content, without a byte order mark.
    text: &'t [u8],
}

impl<'t> Keys<'t> {
    fn of(text: &'t [u8]) -> Result<Self, PconfError> {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        if text.trim_ascii().is_empty() {
            return Err(PconfError::Empty);
        }
        if text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF") {
            return Err(PconfError::Encoding);
        }
        let Pairs(pairs) = serde_json::from_slice(text).map_err(PconfError::Json)?;
        Ok(Self { pairs, text })
    }

    /// Removes a key and reads its value; `None` if the key is absent or `null`.
    fn take<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<Option<T>, PconfError> {
        let Some(index) = self.pairs.iter().position(|(other, _)| other.eq_ignore_ascii_case(key))
        else {
            return Ok(None);
        };
        let (written, RawJson(value)) = self.pairs.remove(index);
        // Not `from_str`: a program would have serde_json's code a second time, for this alone.
        serde_json::from_slice(value.get().as_bytes()).or_else(|error| {
            // Its line number counts within the value, not within the file.
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            let text = text.replace("expected u32", "expected a whole number");
            let place =
                line_of(self.text, &written, value.get()).map(|line| format!(" (line {line})"));
            fault(key, format!("{text}{}", place.unwrap_or_default()))
        })
    }

    /// What to say of a key that is missing: which unknown one is probably meant.
    fn missing(&self, key: &str, reason: &str) -> String {
        let meant = self.pairs.iter().find(|(other, _)| meant_by(other) == Some(key));
        match meant {
            Some((other, _)) => format!("{reason} ({other:?} is not known; is it {key}?)"),
            None => reason.into(),
        }
    }
}

/// The line on which a key with this value stands, counted from 1; `None` if the key is written with
/// escapes.
fn line_of(text: &[u8], key: &str, value: &str) -> Option<usize> {
    let (text, key) = (std::str::from_utf8(text).ok()?, format!("\"{key}\""));
    let mut places = text.match_indices(&key).map(|(at, _)| at + key.len());
    let place = places.find(|at| {
        let rest = text[*at..].trim_start().strip_prefix(':');
        rest.is_some_and(|rest| rest.trim_start().starts_with(value))
    })?;
    Some(text[..place].matches('\n').count() + 1)
}
