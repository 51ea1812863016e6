//! What a client needs of the plugin at the other end, and how a plugin falls short.

use std::any::type_name;

use super::entry::{Item, entries};
use super::need::Need;
#[cfg(any(feature = "host", feature = "schema"))]
use crate::contract::{Verdict, compare};
use crate::protocol::Descriptor;
use crate::protocol::name::Qualified;
use crate::typed::declare::{CallbackSpec, ContractSpec, MethodSpec, PluginType};
#[cfg(feature = "host")]
use crate::typed::declare::{ParamSpec, TypeSchema};

/// What a client needs of the plugin at the other end.
#[derive(Clone, Debug)]
pub struct Expectation {
    client: &'static str,
    /// The name of the service that fulfils it.
    service: String,
    pub(super) methods: Vec<&'static MethodSpec>,
    pub(super) callbacks: Vec<&'static CallbackSpec>,
    /// A descriptor that says what the client needs; `None` if its types say it.
    pub(super) stated: Option<&'static str>,
}

impl Expectation {
    /// Everything that is declared for the plugin `P`, with the members of its contracts.
    #[doc(hidden)]
    pub fn of_plugin<P: PluginType, C>() -> Self {
        let mut expectation = Self {
            client: type_name::<C>(),
            service: Qualified { namespace: P::NAMESPACE, name: P::NAME }.to_string(),
            methods: Vec::new(),
            callbacks: Vec::new(),
            stated: None,
        };
        for item in entries::<P>() {
            match item {
                Item::Method(spec, _) | Item::Streaming(spec, ..) => expectation.methods.push(spec),
                Item::Callback(spec) => expectation.callbacks.push(spec),
                Item::Contract(contract) => {
                    let spec = contract().spec;
                    expectation.methods.extend(spec.methods);
                    expectation.callbacks.extend(spec.callbacks);
                }
                Item::Activate(..) | Item::Stop(_) | Item::Need(..) => {}
            }
        }
        expectation.methods.sort_by_key(|spec| spec.name);
        expectation.callbacks.sort_by_key(|spec| spec.name);
        expectation
    }

    /// Everything that a contract's trait declares.
    #[doc(hidden)]
    pub fn of_contract<C>(spec: &'static ContractSpec) -> Self {
        Self {
            client: type_name::<C>(),
            service: spec.name.into(),
            methods: spec.methods.iter().collect(),
            callbacks: spec.callbacks.iter().collect(),
            stated: None,
        }
    }

    /// The same with the schemas of this descriptor, in JSON, in the place of those of the client's
    /// types: of a contract that was made from it.
    #[doc(hidden)]
    #[must_use]
    pub fn as_in(self, descriptor: &'static str) -> Self {
        Self { stated: Some(descriptor), ..self }
    }

    /// The client's type, for people.
    pub fn client(&self) -> &'static str {
        self.client
    }

    /// The name of the service of a host that fulfils this: that of the contract, or of the plugin with
    /// its namespace.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The same as what a plugin needs of its host.
    #[doc(hidden)]
    pub fn into_need(self) -> Need {
        Need { service: self.service, methods: self.methods }
    }

    /// Whether there may be a schema of one of the client's types. None is made.
    #[cfg(feature = "host")]
    pub(crate) fn has_schemas(&self) -> bool {
        let has = |schema: TypeSchema| !schema.is_opaque();
        let any = |params: &[ParamSpec]| params.iter().any(|param| has(param.schema));
        let reports = |it: &MethodSpec| it.progress.is_some_and(|progress| has(progress.schema));
        self.stated.is_some()
            || self.methods.iter().any(|it| {
                let params = any(it.params) || any(it.incoming.as_slice());
                params || has(it.result) || has(it.error.schema) || reports(it)
            })
            || self.callbacks.iter().any(|it| any(it.params) || has(it.answer))
    }

    /// The wire names of the methods.
    pub fn methods(&self) -> impl Iterator<Item = &'static str> {
        self.methods.iter().map(|spec| spec.name)
    }

    /// One line for each method whose name the plugin lacks, unless it may lack it. For a plugin
    /// that gives no signatures, nothing else can be compared.
    pub fn missing_methods(&self, descriptor: &Descriptor) -> Vec<String> {
        let missing = |spec: &&&MethodSpec| !spec.optional && !descriptor.offers(spec.name);
        let line = |spec: &MethodSpec| {
            format!("method {}: the plugin has none of that name", spec.signature())
        };
        self.methods.iter().filter(missing).map(|spec| line(spec)).collect()
    }

    /// How a plugin falls short of this: a text for each method or callback that is missing, or whose
    /// values one side could not read, with both sides and what to do. The schemas decide where both
    /// sides have them, else the fingerprints, else the names, as for a client that is bound to a
    /// plugin. What would only be lost is none of it: see [`compare`] for that. An optional method may
    /// be missing.
    #[cfg(any(feature = "host", feature = "schema"))]
    pub fn differences(&self, descriptor: &Descriptor) -> Vec<String> {
        if self.is_met_as_spelled(descriptor) {
            return Vec::new();
        }
        let members = compare(&self.described(), descriptor).members.into_iter();
        let unreadable = members.filter(|member| member.verdict == Verdict::Incompatible);
        unreadable.map(|member| member.to_string()).collect()
    }
}

#[cfg(all(test, any(feature = "host", feature = "schema")))]
mod tests {
    use super::*;
    use crate::protocol::MethodDescriptor;
    #[cfg(feature = "schema")]
    use crate::typed::declare::TypeSchema;

    const WAVE: MethodSpec =
        MethodSpec { name: "wave", returns: "u8", optional: true, ..MethodSpec::EMPTY };

    static CONTRACT: ContractSpec = ContractSpec {
        name: "Greeter",
        methods: &[MethodSpec { name: "greet", optional: false, ..WAVE }, WAVE],
        callbacks: &[],
    };

    fn offering(methods: &[MethodDescriptor]) -> Descriptor {
        Descriptor { methods: methods.to_vec(), ..Descriptor::new("Polite", "") }
    }

    #[test]
    fn an_optional_method_may_be_missing() {
        let expectation = Expectation::of_contract::<()>(&CONTRACT);
        let nothing = offering(&[]);
        let missing = ["method greet() -> u8: the plugin has none of that name"];
        assert_eq!(expectation.missing_methods(&nothing), missing);
        let differences = expectation.differences(&nothing);
        assert_eq!(differences.len(), 1, "{differences:?}");
        assert!(differences[0].starts_with("incompatible: method `greet`"), "{differences:?}");
        let greeting = offering(&[CONTRACT.methods[0].descriptor()]);
        assert!(expectation.differences(&greeting).is_empty());
        assert!(expectation.missing_methods(&greeting).is_empty());
    }

    #[test]
    fn the_descriptor_of_what_a_client_needs_says_what_is_optional() {
        let needed = Expectation::of_contract::<()>(&CONTRACT).described();
        let optional: Vec<_> =
            needed.methods.iter().map(|m| (m.name.as_str(), m.optional)).collect();
        assert_eq!(optional, [("greet", false), ("wave", true)]);
    }

    #[test]
    fn an_optional_method_that_is_there_has_the_signature_of_the_contract() {
        let other = MethodSpec { returns: "i64", ..WAVE }.descriptor();
        let offered = offering(&[CONTRACT.methods[0].descriptor(), other]);
        let differences = Expectation::of_contract::<()>(&CONTRACT).differences(&offered);
        assert_eq!(differences.len(), 1, "{differences:?}");
        let both = "\n  client: wave() -> u8\n  plugin: wave() -> i64\n";
        assert!(differences[0].contains(both), "{differences:?}");
    }

    #[cfg(feature = "schema")]
    #[test]
    fn where_both_sides_have_schemas_these_decide() {
        static READS: ContractSpec = ContractSpec {
            name: "Reader",
            methods: &[MethodSpec {
                returns: "Count",
                result: TypeSchema::of::<u16>(),
                optional: false,
                ..WAVE
            }],
            callbacks: &[],
        };
        let expectation = Expectation::of_contract::<()>(&READS);
        let returning = |schema: serde_json::Value| {
            let mut method = READS.methods[0].descriptor();
            method.returns.schema = Some(schema);
            expectation.differences(&offering(&[method]))
        };
        let narrower = serde_json::json!({"type": "integer", "minimum": 0, "maximum": 255});
        assert_eq!(returning(narrower), Vec::<String>::new());
        let differences = returning(serde_json::json!({"type": "string"}));
        assert_eq!(differences.len(), 1, "{differences:?}");
        assert!(differences[0].contains("\n  at: result\n"), "{differences:?}");
    }
}
