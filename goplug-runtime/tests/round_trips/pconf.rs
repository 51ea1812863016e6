//! The `.pconf` file.

use std::path::Path;

use goplug_runtime::protocol::wire::default_url;
use goplug_runtime::protocol::{
    CallbackDescriptor, Descriptor, MethodDescriptor, Pconf, Permissions, ServiceDescriptor,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{config, json};

/// The members of a file, in the order of the protocol's table.
#[derive(Clone, Debug)]
struct File {
    name: String,
    namespace: Option<String>,
    url: Option<String>,
    sock: Option<String>,
    lazy_load: Option<bool>,
    version: Option<String>,
    protocol: Option<u32>,
    exec: Option<Vec<String>>,
    sha256: Option<String>,
    methods: Option<Vec<MethodDescriptor>>,
    callbacks: Option<Vec<CallbackDescriptor>>,
    needs: Option<Vec<ServiceDescriptor>>,
    wants: Option<Vec<ServiceDescriptor>>,
    permissions: Option<Permissions>,
    unknown: Vec<(String, Value)>,
}

const KNOWN: [&str; 14] = [
    "Name",
    "NameSpace",
    "Url",
    "Sock",
    "LazyLoad",
    "Version",
    "Protocol",
    "Exec",
    "Sha256",
    "Methods",
    "Callbacks",
    "Needs",
    "Wants",
    "Permissions",
];

/// A name as other libraries may have written it.
fn lenient_name() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z0-9_-]{1,8}", "[a-zß .?#%:;\"-]{1,6}"]
        .prop_filter("not . or ..", |name| ![".", ".."].contains(&name.as_str()))
}

fn argument() -> impl Strategy<Value = String> {
    json::text().prop_map(|text| text.replace('\0', ""))
}

fn exec() -> impl Strategy<Value = Vec<String>> {
    ("/?[a-z ./]{0,4}[a-z]", vec(argument(), 0..3))
        .prop_filter("it stays in its folder", |(program, _)| !program.contains(".."))
        .prop_map(|(program, arguments)| [vec![program], arguments].concat())
}

fn unknown_keys() -> impl Strategy<Value = Vec<(String, Value)>> {
    btree_map(json::text(), json::value(), 0..4).prop_map(|map| {
        let mut keys: Vec<(String, Value)> = Vec::new();
        for (key, value) in map {
            let taken = |other: &str| other.eq_ignore_ascii_case(&key);
            if !KNOWN.iter().any(|known| taken(known)) && !keys.iter().any(|(k, _)| taken(k)) {
                keys.push((key, value));
            }
        }
        keys
    })
}

fn file() -> impl Strategy<Value = File> {
    let place = (option::of("[a-z./ß ]{1,9}"), option::of(exec()))
        .prop_filter("there is a way to the plugin", |(sock, exec)| {
            sock.is_some() || exec.is_some()
        });
    let names =
        (lenient_name(), option::of(lenient_name()), option::of("[a-z]{1,4}://[A-Za-z]{1,4}"));
    let version = "(0|[1-9][0-9]{0,4})\\.[1-9]\\.0(-[a-z]{1,3}\\.[1-9])?(\\+[a-z0-9]{1,4})?";
    let services = || option::of(vec(json::service(), 0..2));
    let members = (
        option::of(vec(json::method(), 0..3)),
        option::of(vec(json::callback(), 0..3)),
        services(),
        services(),
        option::of(json::permissions()),
    );
    let rest = (
        option::of(any::<bool>()),
        option::of(version),
        option::of(1..=u32::MAX),
        option::of("[0-9a-fA-F]{64}"),
    );
    (names, place, rest, members, unknown_keys()).prop_map(
        |((name, namespace, url), (sock, exec), rest, members, unknown)| {
            let (methods, callbacks, needs, wants, permissions) = members;
            let (lazy_load, version, protocol, sha256) = rest;
            File {
                name,
                namespace,
                url,
                sock,
                lazy_load,
                version,
                protocol,
                exec,
                sha256,
                methods,
                callbacks,
                needs,
                wants,
                permissions,
                unknown,
            }
        },
    )
}

impl File {
    /// The file's members. An absent one is `null`, or left out.
    fn members(&self, absent_is_null: bool) -> Vec<(String, Value)> {
        let known = [
            json!(self.name),
            json!(self.namespace),
            json!(self.url),
            json!(self.sock),
            json!(self.lazy_load),
            json!(self.version),
            json!(self.protocol),
            json!(self.exec),
            json!(self.sha256),
            json!(self.methods),
            json!(self.callbacks),
            json!(self.needs),
            json!(self.wants),
            json!(self.permissions),
        ];
        let known = KNOWN.into_iter().zip(known).map(|(key, value)| (key.to_owned(), value));
        let mut members: Vec<_> =
            known.filter(|(_, value)| absent_is_null || !value.is_null()).collect();
        members.extend(self.unknown.iter().cloned());
        members
    }
}

fn object(members: &[(String, Value)]) -> String {
    let members: Vec<_> =
        members.iter().map(|(key, value)| format!("{}:{value}", Value::from(&**key))).collect();
    format!("{{{}}}", members.join(","))
}

/// The file's text, its members in any order and its known keys in any case.
fn text() -> impl Strategy<Value = (File, String)> {
    (file(), any::<bool>(), any::<u64>()).prop_flat_map(|(file, absent_is_null, cases)| {
        let members: Vec<_> =
            file.members(absent_is_null)
                .into_iter()
                .map(|(key, value)| {
                    if KNOWN.contains(&&*key) { (folded(&key, cases), value) } else { (key, value) }
                })
                .collect();
        (Just(file), Just(members).prop_shuffle().prop_map(|members| object(&members)))
    })
}

/// The key with some of its letters in the other case.
fn folded(key: &str, cases: u64) -> String {
    let swap = |(i, c): (usize, char)| match cases >> (i % 64) & 1 {
        0 => c,
        _ if c.is_ascii_uppercase() => c.to_ascii_lowercase(),
        _ => c.to_ascii_uppercase(),
    };
    key.chars().enumerate().map(swap).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_file_reads_the_same_with_its_keys_in_any_order_and_case(
        (file, text) in text(),
    ) {
        let pconf = Pconf::parse(text.as_bytes()).unwrap();
        let namespace = file.namespace.clone().unwrap_or_default();
        let default = default_url(&file.name, &namespace);
        let folder = Path::new("/p");

        prop_assert_eq!((pconf.id().name(), pconf.id().namespace()), (&*file.name, &*namespace));
        prop_assert_eq!(pconf.url(), file.url.unwrap_or(default));
        prop_assert_eq!(pconf.sock_path(folder), file.sock.map(|sock| folder.join(sock)));
        prop_assert_eq!(pconf.lazy_load(), file.lazy_load.unwrap_or(false));
        prop_assert_eq!(pconf.version().map(ToString::to_string), file.version);
        prop_assert_eq!(pconf.protocol(), file.protocol.unwrap_or(1));
        prop_assert_eq!(pconf.exec(), file.exec.as_deref());
        let digest = file.sha256.map(|hex| hex.to_lowercase());
        prop_assert_eq!(pconf.sha256(), digest.as_deref());
        prop_assert_eq!(pconf.methods(), file.methods.unwrap_or_default());
        prop_assert_eq!(pconf.callbacks(), file.callbacks.unwrap_or_default());
        prop_assert_eq!(pconf.needs(), file.needs.unwrap_or_default());
        prop_assert_eq!(pconf.wants(), file.wants.unwrap_or_default());
        prop_assert_eq!(pconf.permissions(), &file.permissions.unwrap_or_default());
    }

    #[test]
    fn a_rewritten_file_reads_the_same_and_keeps_unknown_keys((file, text) in text()) {
        let pconf = Pconf::parse(text.as_bytes()).unwrap();
        let rewritten = pconf.to_json();

        let document: Value = serde_json::from_str(&rewritten).unwrap();
        for (key, value) in &file.unknown {
            prop_assert_eq!(&document[key], value);
        }
        prop_assert_eq!(document["Name"].as_str(), Some(&*file.name));
        prop_assert_eq!(Pconf::parse(rewritten.as_bytes()).unwrap(), pconf);
    }

    #[test]
    fn a_file_that_can_be_built_can_be_read(
        file in file(),
        protocol in any::<u32>(),
        sock in json::text(),
    ) {
        let descriptor = Descriptor {
            version: file.version,
            protocol,
            methods: file.methods.unwrap_or_default(),
            callbacks: file.callbacks.unwrap_or_default(),
            needs: file.needs.unwrap_or_default(),
            wants: file.wants.unwrap_or_default(),
            permissions: file.permissions.unwrap_or_default(),
            ..Descriptor::new(file.name, file.namespace.unwrap_or_default())
        };
        let Ok(pconf) = Pconf::of(descriptor) else { return Ok(()) };
        let Ok(mut pconf) = pconf.with_sock(sock) else { return Ok(()) };
        if let Some(exec) = file.exec {
            pconf = pconf.with_exec(exec).unwrap();
        }
        if let Some(sha256) = file.sha256 {
            pconf = pconf.with_sha256(&sha256).unwrap();
        }
        let text = pconf.with_lazy_load(file.lazy_load.unwrap_or(false)).to_json();
        prop_assert_eq!(Pconf::parse(text.as_bytes()).unwrap().to_json(), text);
    }
}

/// Go writes `null` for a list that was never made.
#[test]
fn null_is_absent_within_the_methods_of_a_file_too() {
    let text = r#"{"Name":"a","Sock":"s","Methods":[{"name":"m","doc":null,"params":null,
        "returns":null,"stream":null,"idempotent":null,"fingerprint":null}]}"#;
    let read = Pconf::parse(text.as_bytes()).unwrap();
    let plain = MethodDescriptor { name: "m".into(), ..MethodDescriptor::default() };
    assert_eq!(read.methods(), [plain]);
}
