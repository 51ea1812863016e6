//! Where the schema of a type comes from, as far as the type has one.

use std::marker::PhantomData;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Makes the JSON Schema of a type, or is opaque: of a type that is not
/// [`JsonSchema`](https://docs.rs/schemars/1/schemars/trait.JsonSchema.html), and of every type
/// without the feature `schema`.
#[derive(Clone, Copy, Debug)]
pub struct TypeSchema {
    #[cfg(feature = "schema")]
    generate: Option<fn(&mut SchemaGenerator) -> Schema>,
}

impl TypeSchema {
    /// Nothing is known of the type.
    pub const OPAQUE: Self = Self {
        #[cfg(feature = "schema")]
        generate: None,
    };

    /// Whether it makes no schema.
    pub const fn is_opaque(self) -> bool {
        #[cfg(feature = "schema")]
        return self.generate.is_none();
        #[cfg(not(feature = "schema"))]
        true
    }

    /// The schema of `T`.
    #[cfg(feature = "schema")]
    pub const fn of<T: JsonSchema>() -> Self {
        Self { generate: Some(SchemaGenerator::subschema_for::<T>) }
    }

    /// The schema by this generator, which collects the definitions that it refers to. `None` if
    /// it is opaque.
    #[cfg(feature = "schema")]
    pub fn generate(self, generator: &mut SchemaGenerator) -> Option<Schema> {
        self.generate.map(|generate| generate(generator))
    }
}

/// Asks the compiler whether a type has a schema: `TypeSchemaOf::<T>::SCHEMA` is the constant of
/// the inherent impl, or else that of [`TypeSchemaFallback`], which has to be in scope.
#[derive(Debug)]
pub struct TypeSchemaOf<T>(PhantomData<T>);

#[cfg(feature = "schema")]
impl<T: JsonSchema> TypeSchemaOf<T> {
    /// It has a schema.
    pub const SCHEMA: TypeSchema = TypeSchema::of::<T>();
}

/// The constant of [`TypeSchemaOf`] for types without a schema.
pub trait TypeSchemaFallback {
    /// It is opaque.
    const SCHEMA: TypeSchema = TypeSchema::OPAQUE;
}

impl<T> TypeSchemaFallback for TypeSchemaOf<T> {}

#[cfg(all(test, feature = "schema"))]
mod tests {
    use super::*;

    fn schema(of: TypeSchema) -> Option<serde_json::Value> {
        of.generate(&mut SchemaGenerator::default()).map(Schema::to_value)
    }

    #[test]
    fn the_compiler_says_which_types_have_a_schema() {
        struct Opaque;
        assert_eq!(schema(TypeSchemaOf::<Opaque>::SCHEMA), None);
        assert_eq!(schema(TypeSchemaOf::<Vec<Opaque>>::SCHEMA), None);
        assert_eq!(
            schema(TypeSchemaOf::<u8>::SCHEMA).unwrap(),
            serde_json::json!({"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255})
        );
    }
}
