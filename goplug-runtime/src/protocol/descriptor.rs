//! The descriptor: what a plugin offers, in a form that people and clients can read without
//! running the plugin.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::permissions::Permissions;
use super::{null, visible, wire};

/// What a plugin says of itself: in its response to an activation, in its `.pconf`, and by the verb
/// `describe`.
///
/// The response to an activation has no schemas, so that a start takes no longer because of them.
///
/// Unknown keys are ignored when it is read, and every key but `name` has a default, so that
/// plugins in other languages can leave keys out, or write `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// The plugin's name.
    pub name: String,
    /// The plugin's namespace; may be empty.
    #[serde(default, deserialize_with = "null::or_default")]
    pub namespace: String,
    /// The plugin's semantic version, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The protocol version, 2.
    #[serde(default = "current_protocol", deserialize_with = "protocol")]
    pub protocol: u32,
    /// Optional parts of the protocol that the plugin speaks; unknown ones are ignored.
    #[serde(default, deserialize_with = "null::or_members")]
    pub features: Vec<String>,
    /// The methods, sorted by name.
    #[serde(default, deserialize_with = "null::or_members")]
    pub methods: Vec<MethodDescriptor>,
    /// The callbacks, sorted by name.
    #[serde(default, deserialize_with = "null::or_members")]
    pub callbacks: Vec<CallbackDescriptor>,
    /// The services of its host that the plugin needs: without them it is not started.
    #[serde(default, deserialize_with = "null::or_members", skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<ServiceDescriptor>,
    /// The services of its host that the plugin uses, and can do without.
    #[serde(default, deserialize_with = "null::or_members", skip_serializing_if = "Vec::is_empty")]
    pub wants: Vec<ServiceDescriptor>,
    /// What it asks of its host beside services. A host goes by those of the `.pconf`.
    #[serde(
        default,
        deserialize_with = "null::or_default",
        skip_serializing_if = "Permissions::is_empty"
    )]
    pub permissions: Permissions,
    /// What the activation reads: the host's configuration. `None` if it reads none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<TypeDescriptor>,
    /// The schemas that others share, by name: `{"$ref": "#/$defs/<name>"}` refers to one, from
    /// every schema of the descriptor.
    #[serde(
        rename = "$defs",
        default,
        deserialize_with = "null::or_default",
        skip_serializing_if = "is_empty"
    )]
    pub definitions: Arc<Map<String, Value>>,
}

fn is_empty(definitions: &Arc<Map<String, Value>>) -> bool {
    definitions.is_empty()
}

impl Descriptor {
    /// The descriptor of a plugin that speaks this version of the protocol, without members.
    pub fn new(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            namespace: namespace.into(),
            version: None,
            protocol: wire::PROTOCOL,
            features: Vec::new(),
            methods: Vec::new(),
            callbacks: Vec::new(),
            needs: Vec::new(),
            wants: Vec::new(),
            permissions: Permissions::default(),
            configuration: None,
            definitions: Arc::default(),
        }
    }

    /// Whether there is a method of this name.
    pub fn offers(&self, method: &str) -> bool {
        self.methods.iter().any(|offered| offered.name == method)
    }

    /// Whether a type of a method or callback has a schema.
    pub fn has_schemas(&self) -> bool {
        let has = |ty: &TypeDescriptor| ty.schema.is_some();
        let any = |params: &[Parameter]| params.iter().any(|param| has(&param.ty));
        let methods = &mut self.methods.iter();
        let also = |ty: &Option<TypeDescriptor>| ty.as_ref().is_some_and(has);
        methods
            .any(|it| any(&it.params) || has(&it.returns) || also(&it.error) || also(&it.progress))
            || self.callbacks.iter().any(|it| any(&it.params) || has(&it.returns))
    }
}

fn current_protocol() -> u32 {
    wire::PROTOCOL
}

fn protocol<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(current_protocol))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// One method of a plugin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MethodDescriptor {
    /// The wire name.
    pub name: String,
    /// The documentation, as its author wrote it; empty if the author wrote none.
    #[serde(
        default,
        deserialize_with = "null::or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub doc: String,
    /// The parameters, in order.
    #[serde(default, deserialize_with = "null::or_members")]
    pub params: Vec<Parameter>,
    /// The result. Its schema is that of the success.
    #[serde(default, deserialize_with = "null::or_default")]
    pub returns: TypeDescriptor,
    /// The method's own error; `None` if it has no type of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TypeDescriptor>,
    /// What the method reports while it works; `None` if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<TypeDescriptor>,
    /// Whether the result is a stream of items.
    #[serde(default, deserialize_with = "null::or_default")]
    pub stream: bool,
    /// Whether it may safely run twice.
    #[serde(default, deserialize_with = "null::or_default")]
    pub idempotent: bool,
    /// Whether a client can do without the method.
    #[serde(default, deserialize_with = "null::or_default", skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Hexadecimal digest of the signature; empty if the plugin states none.
    #[serde(
        default,
        deserialize_with = "null::or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub fingerprint: String,
}

/// One callback of a plugin: a function of its host that the plugin calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CallbackDescriptor {
    /// The wire name.
    pub name: String,
    /// The documentation, as its author wrote it; empty if the author wrote none.
    #[serde(
        default,
        deserialize_with = "null::or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub doc: String,
    /// The parameters, in order.
    #[serde(default, deserialize_with = "null::or_members")]
    pub params: Vec<Parameter>,
    /// The result of the host's handler.
    #[serde(default, deserialize_with = "null::or_default")]
    pub returns: TypeDescriptor,
    /// Hexadecimal digest of the signature; empty if the plugin states none.
    #[serde(
        default,
        deserialize_with = "null::or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub fingerprint: String,
}

/// A service of the host that a plugin uses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceDescriptor {
    /// The name: that of a contract, or of a plugin with its namespace.
    pub name: String,
    /// The methods that the plugin calls. Here the plugin writes the parameters and reads the results,
    /// and the schemas say so.
    #[serde(default, deserialize_with = "null::or_members", skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<MethodDescriptor>,
}

/// A parameter of a method or callback.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// The name: the key of the argument object.
    pub name: String,
    /// The type, or that of an item.
    #[serde(flatten)]
    pub ty: TypeDescriptor,
    /// Whether the parameter is a stream of items. Only the last one of a method can be.
    #[serde(default, deserialize_with = "null::or_default", skip_serializing_if = "is_false")]
    pub stream: bool,
}

/// A type: its spelling in the source language and, if there is one, its schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TypeDescriptor {
    /// The spelling, for people.
    #[serde(rename = "type", default, deserialize_with = "null::or_default")]
    pub spelling: String,
    /// JSON Schema 2020-12: of what this side reads, or of what it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

impl MethodDescriptor {
    /// The last parameter, if it is a stream of items.
    pub fn incoming(&self) -> Option<&Parameter> {
        self.params.last().filter(|param| param.stream)
    }

    /// The parameters but for a stream.
    pub fn values(&self) -> &[Parameter] {
        match self.params.split_last() {
            Some((last, values)) if last.stream => values,
            _ => &self.params,
        }
    }

    /// The signature for people: `add(a: i64, b: i64) -> i64`.
    pub fn signature(&self) -> String {
        signature(&self.name, &self.params, &self.returns, self.stream)
    }
}

impl CallbackDescriptor {
    /// Whether the plugin waits for the result of the host's handler.
    pub fn wants_answer(&self) -> bool {
        !matches!(self.returns.spelling.as_str(), "" | "()")
    }

    /// The signature for people: `progress(percent: u8)`.
    pub fn signature(&self) -> String {
        signature(&self.name, &self.params, &self.returns, false)
    }
}

/// How a signature spells a stream with items of this type.
fn stream_of(item: &str) -> String {
    format!("stream {item}")
}

/// The signature of a method or callback, for people.
pub(crate) fn signature(
    name: &str,
    params: &[Parameter],
    returns: &TypeDescriptor,
    stream: bool,
) -> String {
    visible(&canonical_signature(name, params, &returns.spelling, stream)).into_owned()
}

/// A signature in the canonical form that the fingerprint is computed from:
/// `name(parameter: Type, …) -> Type`, without the arrow if `returns` is `()` or empty.
pub fn canonical_signature(
    name: &str,
    params: &[Parameter],
    returns: &str,
    stream: bool,
) -> String {
    let mut text = format!("{name}(");
    for (i, Parameter { name, ty, stream }) in params.iter().enumerate() {
        if i > 0 {
            text.push_str(", ");
        }
        text.push_str(name);
        text.push_str(": ");
        match stream {
            true => text.push_str(&stream_of(&ty.spelling)),
            false => text.push_str(&ty.spelling),
        }
    }
    text.push(')');
    if stream {
        text.push_str(" -> ");
        text.push_str(&stream_of(returns));
    } else if !returns.is_empty() && returns != "()" {
        text.push_str(" -> ");
        text.push_str(returns);
    }
    text
}

/// The fingerprint of a canonical signature: FNV-1a of its bytes, 64 bits, as 16
/// hexadecimal digits. It guards against mistakes, not against forgery.
///
/// Offset basis and prime: RFC 9923, section 5.
pub fn fingerprint(signature: &str) -> String {
    let hash = signature.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_keys_have_defaults_and_unknown_ones_are_ignored() {
        let text = r#"{"name":"py","methods":[{"name":"greet","later":1}],"new":[]}"#;
        let descriptor: Descriptor = serde_json::from_str(text).unwrap();
        assert_eq!(descriptor.protocol, 2);
        assert_eq!(descriptor.methods[0].signature(), "greet()");
    }

    #[test]
    fn a_descriptor_reads_back_from_its_text() {
        let descriptor = Descriptor {
            version: Some("1.0.0".into()),
            methods: vec![MethodDescriptor {
                name: "add".into(),
                doc: "Adds.".into(),
                params: vec![Parameter {
                    name: "a".into(),
                    ty: TypeDescriptor { spelling: "i64".into(), schema: None },
                    stream: false,
                }],
                returns: TypeDescriptor { spelling: "i64".into(), schema: None },
                idempotent: true,
                fingerprint: fingerprint("add(a: i64) -> i64"),
                ..MethodDescriptor::default()
            }],
            ..Descriptor::new("Calculator", "math")
        };
        let text = serde_json::to_string(&descriptor).unwrap();
        assert_eq!(serde_json::from_str::<Descriptor>(&text).unwrap(), descriptor);
        assert_eq!(descriptor.methods[0].signature(), "add(a: i64) -> i64");
    }

    #[test]
    fn fingerprints_match_the_published_test_vectors() {
        // RFC 9923 and the reference implementation: the empty string and "a".
        assert_eq!(fingerprint(""), "cbf29ce484222325");
        assert_eq!(fingerprint("a"), "af63dc4c8601ec8c");
    }
}
