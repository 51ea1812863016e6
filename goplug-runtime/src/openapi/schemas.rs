//! The descriptor's schemas, and those of the protocol, as components of the document.

use serde_json::{Map, Value, json};

use super::documents;
use super::names::Names;
use super::references::Targets;
use crate::protocol::{CallbackDescriptor, Descriptor, Parameter, TypeDescriptor, spelling, wire};

/// Makes schemas of the document out of those of a descriptor.
pub(super) struct Schemas<'a> {
    /// Whether the plugin reads and writes parts.
    pub(super) has_parts: bool,
    targets: Targets<'a>,
    /// The component of a problem document.
    problem: String,
    /// The component of a descriptor.
    descriptor: String,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(owner: &'a Descriptor) -> Self {
        let mut names = Names::default();
        let definitions = &owner.definitions;
        let targets =
            Targets { definitions, names: names.take_all(definitions.keys().map(|k| &**k)) };
        let problem = names.take("Problem");
        let descriptor = names.take("Descriptor");
        let has_parts = owner.features.iter().any(|feature| feature == wire::FEATURE_PARTS);
        Self { has_parts, targets, problem, descriptor }
    }

    /// The values of a type.
    pub(super) fn of(&self, ty: &TypeDescriptor) -> Value {
        match &ty.schema {
            Some(schema) => self.targets.schema(schema),
            None if ty.spelling.is_empty() => json!({}),
            None => json!({"description": format!("`{}`", ty.spelling)}),
        }
    }

    /// The values that a method answers if it succeeds, or that a host's handler answers.
    pub(super) fn of_success(&self, ty: &TypeDescriptor) -> Value {
        if ty.schema.is_none() && spelling::is_nothing(spelling::success(&ty.spelling)) {
            return json!({"type": "null"});
        }
        self.of(ty)
    }

    /// Arguments by name.
    pub(super) fn of_arguments(&self, params: &[Parameter]) -> Value {
        let properties: Map<_, _> =
            params.iter().map(|param| (param.name.clone(), self.of(&param.ty))).collect();
        let mut required: Vec<_> = params
            .iter()
            .filter(|param| !spelling::may_be_missing(&param.ty))
            .map(|param| &*param.name)
            .collect();
        required.sort_unstable();
        required.dedup();
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        schema
    }

    /// What the host's handlers answer, whichever callback it is.
    pub(super) fn of_answers<'c>(
        &self,
        callbacks: impl Iterator<Item = &'c CallbackDescriptor>,
    ) -> Value {
        let answers: Vec<_> = callbacks
            .map(|callback| {
                let value = self.of(&callback.returns);
                json!({"title": callback.name, "allOf": [value]})
            })
            .collect();
        json!({"anyOf": answers})
    }

    /// A reference to the schema of a problem document.
    pub(super) fn problem(&self) -> Value {
        reference(&self.problem)
    }

    /// A reference to the schema of a descriptor.
    pub(super) fn descriptor(&self) -> Value {
        reference(&self.descriptor)
    }

    /// Every schema that others refer to.
    pub(super) fn components(&self) -> Map<String, Value> {
        let Targets { definitions, names } = &self.targets;
        let defined = definitions.iter().filter_map(|(name, schema)| {
            Some((names.get(&**name)?.clone(), self.targets.schema(schema)))
        });
        let own = [
            (self.problem.clone(), documents::problem_schema()),
            (self.descriptor.clone(), documents::descriptor_schema()),
        ];
        defined.chain(own).collect()
    }
}

fn reference(component: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{component}")})
}
