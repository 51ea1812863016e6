//! Whether the spelled signatures say all that schemas could say.
//!
//! If they do, and both sides spell them alike, nothing need be asked and compared. That is so for
//! most clients, and keeps a start as quick as it is without schemas.

use super::expectation::Expectation;
use crate::protocol::{Descriptor, MethodDescriptor, descriptor};
use crate::typed::declare::{CallbackSpec, MethodSpec, ParamSpec, TypeSchema};

/// Types of the language, which nobody calls something else.
const OF_THE_LANGUAGE: [&str; 26] = [
    "BTreeMap", "BTreeSet", "Box", "Bytes", "HashMap", "HashSet", "Option", "Result", "String",
    "Vec", "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128", "u16",
    "u32", "u64", "u8", "usize",
];

impl Expectation {
    /// Whether a plugin spells every member as the client does, and the schemas of the client's types
    /// could add nothing to that.
    pub fn is_met_as_spelled(&self, offered: &Descriptor) -> bool {
        let methods = self.methods.iter().all(|spec| {
            match offered.methods.iter().find(|method| method.name == spec.name) {
                None => spec.optional,
                Some(method) => {
                    says_all(spec, self.stated.is_some())
                        && is_print(&method.fingerprint, &spec.signature())
                        && progress_says_all(spec, method, self.stated.is_some())
                }
            }
        });
        methods
            && self.callbacks.iter().all(|spec| {
                let offered = offered.callbacks.iter().find(|it| it.name == spec.name);
                callback_says_all(spec, self.stated.is_some())
                    && offered.is_some_and(|it| is_print(&it.fingerprint, &spec.signature()))
            })
    }
}

fn is_print(fingerprint: &str, signature: &str) -> bool {
    fingerprint == descriptor::fingerprint(signature)
}

/// `stated` says that a descriptor has the schemas, and not the types themselves.
fn says_all(spec: &MethodSpec, stated: bool) -> bool {
    let MethodSpec { params, incoming, returns, result, error, .. } = spec;
    // The error is looked at by itself.
    let success =
        if error.ty.is_empty() { (*returns).into() } else { returns.replace(error.ty, "") };
    params_say_all(params, stated)
        && params_say_all(incoming.as_slice(), stated)
        && is_enough(&success, *result, stated)
        && is_enough(error.ty, error.schema, stated)
}

/// A client that does not listen reads nothing of what a method reports.
fn progress_says_all(spec: &MethodSpec, offered: &MethodDescriptor, stated: bool) -> bool {
    let Some(progress) = spec.progress else { return true };
    let is_alike = offered.progress.as_ref().is_some_and(|it| it.spelling == progress.ty);
    is_alike && is_enough(progress.ty, progress.schema, stated)
}

fn callback_says_all(spec: &CallbackSpec, stated: bool) -> bool {
    params_say_all(spec.params, stated) && is_enough(spec.returns, spec.answer, stated)
}

fn params_say_all(params: &[ParamSpec], stated: bool) -> bool {
    params.iter().all(|param| is_enough(param.ty, param.schema, stated))
}

/// Whether the spelling of a type says all, or there is no schema that could say more.
fn is_enough(spelling: &str, schema: TypeSchema, stated: bool) -> bool {
    (schema.is_opaque() && !stated) || is_of_the_language(spelling)
}

/// Whether a spelling consists of types of the language, tuples and arrays.
fn is_of_the_language(spelling: &str) -> bool {
    let mut words = spelling.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.all(|word| {
        word.bytes().all(|byte| byte.is_ascii_digit()) || OF_THE_LANGUAGE.contains(&word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typed::declare::{ContractSpec, ErrorSpec};

    const SUM: MethodSpec = MethodSpec {
        name: "sum",
        params: &[ParamSpec { name: "of", ty: "Vec<i64>", schema: TypeSchema::OPAQUE }],
        returns: "Result<i64, Overflow>",
        error: ErrorSpec { ty: "Overflow", ..ErrorSpec::NONE },
        ..MethodSpec::EMPTY
    };

    static CONTRACT: ContractSpec = ContractSpec { name: "Sums", methods: &[SUM], callbacks: &[] };

    fn offering(spec: &MethodSpec) -> Descriptor {
        Descriptor { methods: vec![spec.descriptor()], ..Descriptor::new("P", "") }
    }

    #[test]
    fn spellings_of_the_language_say_all_and_others_do_not() {
        for spelling in ["()", "", "i64", "Vec<(String, Option<u8>)>", "[f64; 3]", "Result<(), >"] {
            assert!(is_of_the_language(spelling), "{spelling}");
        }
        for spelling in ["Order", "Vec<Order>", "Id", "Result<u8, Failure>", "Value", "r#type"] {
            assert!(!is_of_the_language(spelling), "{spelling}");
        }
    }

    #[test]
    fn a_plugin_that_spells_alike_meets_a_client_whose_types_have_no_schemas() {
        let client = Expectation::of_contract::<()>(&CONTRACT);
        assert!(client.is_met_as_spelled(&offering(&SUM)));
        assert!(!client.is_met_as_spelled(&offering(&MethodSpec { returns: "i64", ..SUM })));
        assert!(!client.is_met_as_spelled(&Descriptor::new("P", "")));
        // A plugin that states no signature may have schemas.
        let mut unstated = offering(&SUM);
        unstated.methods[0].fingerprint.clear();
        assert!(!client.is_met_as_spelled(&unstated));
    }

    #[cfg(feature = "schema")]
    #[test]
    fn a_schema_of_a_type_of_the_language_adds_nothing_and_that_of_another_does() {
        static PLAIN: ContractSpec = ContractSpec {
            name: "Plain",
            methods: &[MethodSpec { result: TypeSchema::of::<i64>(), ..SUM }],
            callbacks: &[],
        };
        static NAMED: ContractSpec = ContractSpec {
            name: "Named",
            methods: &[MethodSpec {
                error: ErrorSpec { schema: TypeSchema::of::<String>(), ..SUM.error },
                ..SUM
            }],
            callbacks: &[],
        };
        let offered = offering(&SUM);
        assert!(Expectation::of_contract::<()>(&PLAIN).is_met_as_spelled(&offered));
        assert!(!Expectation::of_contract::<()>(&NAMED).is_met_as_spelled(&offered));
    }
}
