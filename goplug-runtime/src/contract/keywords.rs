//! The keywords of JSON Schema, by what they mean for a comparison.

/// Whether it says nothing about the values.
pub(super) fn is_annotation(keyword: &str) -> bool {
    matches!(
        keyword,
        "$schema"
            | "$id"
            | "$comment"
            | "$anchor"
            | "$defs"
            | "$vocabulary"
            | "definitions"
            | "title"
            | "description"
            | "default"
            | "example"
            | "examples"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "contentEncoding"
            | "contentMediaType"
            | "contentSchema"
            | "discriminator"
            | "externalDocs"
    ) || keyword.starts_with("x-")
}

/// Whether `expand` reads it.
pub(super) fn is_compared(keyword: &str) -> bool {
    matches!(
        keyword,
        "type"
            | "enum"
            | "const"
            | "$ref"
            | "allOf"
            | "anyOf"
            | "oneOf"
            | "not"
            | "format"
            | "pattern"
            | "minLength"
            | "maxLength"
            | "minimum"
            | "maximum"
            | "exclusiveMinimum"
            | "exclusiveMaximum"
            | "multipleOf"
            | "prefixItems"
            | "items"
            | "minItems"
            | "maxItems"
            | "uniqueItems"
            | "properties"
            | "required"
            | "patternProperties"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "propertyNames"
            | "minProperties"
            | "maxProperties"
    )
}

/// The type that a schema without `type` means by this keyword.
pub(super) fn implied_type(keyword: &str) -> Option<&'static str> {
    Some(match keyword {
        "properties"
        | "required"
        | "patternProperties"
        | "additionalProperties"
        | "propertyNames"
        | "minProperties"
        | "maxProperties"
        | "unevaluatedProperties" => "object",
        "prefixItems" | "items" | "minItems" | "maxItems" | "uniqueItems" | "unevaluatedItems" => {
            "array"
        }
        "pattern" | "minLength" | "maxLength" => "string",
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => "number",
        _ => return None,
    })
}
