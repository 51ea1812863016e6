//! Definitions that are made of themselves. typify follows them until the stack ends.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Words whose parts describe the value itself, not what is within it.
const OF_ITSELF: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// The words that have parts within the value, by their names.
const WITHIN_BY_NAME: [&str; 2] = ["properties", "patternProperties"];

/// The words that have one part within the value.
const WITHIN: [&str; 3] = ["additionalProperties", "additionalItems", "items"];

/// Refuses definitions that refer to themselves without a property or an item between, and schemas
/// of which no end is found when they are put together by `allOf`.
///
/// # Errors
/// The names of the definitions.
pub(crate) fn check(definitions: &BTreeMap<String, Value>) -> Result<(), String> {
    let mut checked = BTreeSet::new();
    for name in definitions.keys() {
        follow(name, definitions, &mut Vec::new(), &mut checked)?;
    }
    let mut merges = Merges { definitions, open: Vec::new(), done: BTreeSet::new() };
    definitions.iter().try_for_each(|(name, schema)| {
        merges.within(schema).map_err(|()| {
            format!(
                "no end is found of what `allOf` puts together in `{name}`: it leads to itself, each \
                 time as a part of another type"
            )
        })
    })
}

fn follow<'d>(
    name: &'d str,
    definitions: &'d BTreeMap<String, Value>,
    path: &mut Vec<&'d str>,
    checked: &mut BTreeSet<&'d str>,
) -> Result<(), String> {
    if let Some(start) = path.iter().position(|other| *other == name) {
        let names: Vec<_> =
            path[start..].iter().chain([&name]).map(|it| format!("`{it}`")).collect();
        return Err(format!(
            "{} is made of itself, without a property or an item between",
            names.join(" → ")
        ));
    }
    let Some(schema) = definitions.get(name).filter(|_| !checked.contains(name)) else {
        return Ok(());
    };
    path.push(name);
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        if let Some(other) = referred(schema) {
            follow(other, definitions, path, checked)?;
        }
        open.extend(own_parts(schema));
    }
    path.pop();
    checked.insert(name);
    Ok(())
}

/// The definition to which a schema refers.
fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/definitions/")
}

fn own_parts(schema: &Value) -> impl Iterator<Item = &Value> {
    OF_ITSELF.into_iter().filter_map(|word| schema.get(word)?.as_array()).flatten()
}

/// The parts within a value, by the names of their places.
fn inner_parts(schema: &Value) -> Vec<(&str, &Value)> {
    let mut parts = Vec::new();
    for word in WITHIN_BY_NAME {
        let named = schema.get(word).and_then(Value::as_object).into_iter().flatten();
        parts.extend(named.map(|(name, part)| (name.as_str(), part)));
    }
    for word in WITHIN {
        match schema.get(word) {
            Some(Value::Array(items)) => parts.extend(items.iter().map(|item| (word, item))),
            Some(part) => parts.push((word, part)),
            None => {}
        }
    }
    parts
}

/// What typify does with the parts of an `allOf`: it puts those of the same name together, and so
/// on. Which of the alternatives meet is not looked at: here, all of them do.
struct Merges<'d> {
    definitions: &'d BTreeMap<String, Value>,
    /// The sets of schemas that are being put together.
    open: Vec<BTreeSet<String>>,
    done: BTreeSet<BTreeSet<String>>,
}

impl<'d> Merges<'d> {
    /// All that is put together within a schema.
    fn within(&mut self, schema: &'d Value) -> Result<(), ()> {
        let alternatives = ["anyOf", "oneOf"].into_iter().any(|word| schema.get(word).is_some());
        let has_more = schema.get("properties").is_some() || schema.get("items").is_some();
        let refers = schema.get("$ref").is_some();
        if schema.get("allOf").is_some() || (has_more && (refers || alternatives)) {
            self.merge(vec![schema])?;
        }
        let inner = inner_parts(schema).into_iter().map(|(_, part)| part);
        inner.chain(own_parts(schema)).try_for_each(|part| self.within(part))
    }

    fn merge(&mut self, schemas: Vec<&'d Value>) -> Result<(), ()> {
        let key: BTreeSet<_> = schemas.iter().map(|schema| schema.to_string()).collect();
        if self.open.contains(&key) {
            return Err(());
        }
        if !self.done.insert(key.clone()) {
            return Ok(());
        }
        self.open.push(key);
        let mut by_name = BTreeMap::<&str, Vec<&Value>>::new();
        for (name, part) in self.flat(schemas).into_iter().flat_map(inner_parts) {
            let parts = by_name.entry(name).or_default();
            if part.is_object() && !parts.contains(&part) {
                parts.push(part);
            }
        }
        // Further properties meet each property that is named elsewhere.
        let further = by_name.get("additionalProperties").cloned().unwrap_or_default();
        for (_, mut parts) in by_name {
            parts.extend(
                further.iter().filter(|part| !parts.contains(part)).copied().collect::<Vec<_>>(),
            );
            if parts.len() > 1 {
                self.merge(parts)?;
            }
        }
        self.open.pop();
        Ok(())
    }

    /// The schemas with those that they refer to and consist of.
    fn flat(&self, mut open: Vec<&'d Value>) -> Vec<&'d Value> {
        let mut flat = Vec::<&Value>::new();
        while let Some(schema) = open.pop() {
            if !flat.iter().any(|other| std::ptr::eq(*other, schema)) {
                open.extend(referred(schema).and_then(|name| self.definitions.get(name)));
                open.extend(own_parts(schema));
                flat.push(schema);
            }
        }
        flat
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(definitions: &Value) -> Result<(), String> {
        check(&serde_json::from_value(definitions.clone()).unwrap())
    }

    fn to(name: &str) -> Value {
        json!({"$ref": format!("#/definitions/{name}")})
    }

    #[test]
    fn a_definition_that_is_made_of_itself_is_refused() {
        let object = json!({"type": "object", "properties": {"x": {"type": "integer"}}});
        for definitions in [
            json!({"A": to("A")}),
            json!({"A": {"allOf": [to("A"), object]}}),
            json!({"A": {"anyOf": [to("A"), {"type": "null"}]}}),
            json!({"A": {"oneOf": [{"type": "string"}, {"allOf": [to("A")]}]}}),
            json!({"A": {"$ref": "#/definitions/B", "properties": {}}, "B": to("C"), "C": to("A")}),
            json!({"A": object, "B": {"allOf": [to("A"), to("B")]}}),
        ] {
            let error = checked(&definitions).unwrap_err();
            assert!(error.contains("is made of itself"), "{error}");
        }
        let error = checked(&json!({"A": to("B"), "B": {"allOf": [to("A")]}})).unwrap_err();
        assert!(error.starts_with("`A` → `B` → `A` is"), "{error}");
    }

    #[test]
    fn what_is_put_together_without_end_is_refused() {
        let next = |schema: Value| json!({"type": "object", "properties": {"next": schema}});
        for definitions in [
            json!({"A": {"allOf": [next(to("A")), next(next(to("A")))]}}),
            json!({
                "A": {"allOf": [to("B"), to("C")]},
                "B": next(to("A")),
                "C": next(next(to("A"))),
            }),
            json!({"A": {"allOf": [next(to("A")),
                                   {"type": "object", "additionalProperties": next(to("A"))}]}}),
        ] {
            let error = checked(&definitions).unwrap_err();
            assert!(error.contains("`allOf`") && error.contains("`A`"), "{error}");
        }
    }

    #[test]
    fn what_ends_is_accepted() {
        let node = |schema: Value| json!({"type": "object", "properties": {"next": schema}});
        for definitions in [
            json!({"A": node(to("A"))}),
            json!({"A": node(json!({"anyOf": [to("A"), {"type": "null"}]}))}),
            json!({"A": {"type": "array", "items": to("A")}}),
            json!({"A": {"oneOf": [{"type": "string"}, {"type": "array", "items": to("A")}]}}),
            // Two ways to one definition are no circle.
            json!({"A": {"allOf": [to("B"), to("C")]}, "B": to("C"), "C": node(json!(true))}),
            json!({"Base": node(to("A")), "A": {"allOf": [to("Base"), node(to("A"))]}}),
        ] {
            assert_eq!(checked(&definitions), Ok(()), "{definitions}");
        }
    }
}
