//! Patterns of JSON values: a value is what it is, and an object with one key that begins with `$` says less.

use serde_json::Value;

use super::variables::Variables;

/// Compares a value with a pattern. `$save` sets a variable.
pub(super) fn fits(
    pattern: &Value,
    found: &Value,
    variables: &mut Variables,
) -> Result<(), String> {
    // First: within `$not`, what is malformed would fit.
    well_formed(pattern)?;
    compare(pattern, found, variables)
}

/// The name and the operand of a pattern that says something else than its own value.
fn special_of(pattern: &Value) -> Option<(&str, &Value)> {
    let members = pattern.as_object().filter(|members| members.len() == 1)?;
    let (key, operand) = members.iter().next()?;
    Some((key.strip_prefix('$')?, operand))
}

/// Fails if a pattern says nothing that can be compared.
fn well_formed(pattern: &Value) -> Result<(), String> {
    let Some((name, operand)) = special_of(pattern) else {
        return match pattern {
            Value::Object(members) => members.values().try_for_each(well_formed),
            Value::Array(items) => items.iter().try_for_each(well_formed),
            _ => Ok(()),
        };
    };
    let is_right = match name {
        "any" => true,
        "save" | "same" | "contains" | "begins" | "ends" => operand.is_string(),
        "type" => TYPES.contains(&operand.as_str().unwrap_or_default()),
        "not" | "items" => return well_formed(operand),
        "members" if operand.is_object() => return well_formed(operand),
        "all" | "one-of" if operand.get(0).is_some() => return well_formed(operand),
        "between" => match operand.as_array().map(Vec::as_slice) {
            Some([least, most]) => {
                let is_bound = |bound: &Value| bound.is_null() || bound.is_number();
                is_bound(least) && is_bound(most) && least != most
            }
            _ => false,
        },
        _ => false,
    };
    if is_right { Ok(()) } else { Err(format!("the case has a bad pattern, {}", short(pattern))) }
}

fn compare(pattern: &Value, found: &Value, variables: &mut Variables) -> Result<(), String> {
    if let Some((name, operand)) = special_of(pattern) {
        return special(name, operand, found, variables);
    }
    match pattern {
        Value::Object(members) => {
            let Some(object) = found.as_object() else { return differs(pattern, found) };
            if let Some(more) = object.keys().find(|key| !members.contains_key(*key)) {
                return Err(format!("{more:?} is too much in {}", short(found)));
            }
            has_members(pattern, found, variables)
        }
        Value::Array(items) => {
            let Some(array) = found.as_array().filter(|array| array.len() == items.len()) else {
                return differs(pattern, found);
            };
            let mut pairs = items.iter().zip(array);
            pairs.try_for_each(|(pattern, found)| compare(pattern, found, variables))
        }
        value if value == found => Ok(()),
        _ => differs(pattern, found),
    }
}

fn special(
    name: &str,
    operand: &Value,
    found: &Value,
    variables: &mut Variables,
) -> Result<(), String> {
    let is_right = match name {
        "any" => true,
        "save" => {
            variables.set(operand.as_str().unwrap_or_default(), found.clone());
            true
        }
        "same" => variables.get(operand.as_str().unwrap_or_default()) == Some(found),
        "not" => compare(operand, found, &mut variables.clone()).is_err(),
        "all" => {
            let mut patterns = operand.as_array().into_iter().flatten();
            return patterns.try_for_each(|pattern| compare(pattern, found, variables));
        }
        "members" => return has_members(operand, found, variables),
        "one-of" => {
            let patterns = operand.as_array().map(Vec::as_slice).unwrap_or_default();
            return any(patterns, |pattern| compare(pattern, found, &mut variables.clone()));
        }
        "type" => operand.as_str() == Some(type_of(found)),
        "items" => {
            let items = found.as_array().ok_or_else(|| format!("no array: {}", short(found)))?;
            return items.iter().try_for_each(|item| compare(operand, item, variables));
        }
        "contains" => texts(operand, found).is_some_and(|(part, text)| text.contains(part)),
        "begins" => texts(operand, found).is_some_and(|(part, text)| text.starts_with(part)),
        "ends" => texts(operand, found).is_some_and(|(part, text)| text.ends_with(part)),
        "between" => is_between(operand, found),
        _ => false,
    };
    if is_right { Ok(()) } else { Err(format!("not {name} {operand}: {}", short(found))) }
}

/// Whether something fits one of these; else why it does not fit the last.
pub(super) fn any<T>(
    patterns: &[T],
    mut fits: impl FnMut(&T) -> Result<(), String>,
) -> Result<(), String> {
    let mut outcome = Err("the case allows nothing".into());
    for pattern in patterns {
        outcome = fits(pattern);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn has_members(pattern: &Value, found: &Value, variables: &mut Variables) -> Result<(), String> {
    for (key, pattern) in pattern.as_object().into_iter().flatten() {
        let Some(found) = found.get(key) else {
            return Err(format!("{key:?} is missing in {}", short(found)));
        };
        compare(pattern, found, variables).map_err(|reason| format!("{key}: {reason}"))?;
    }
    Ok(())
}

fn texts<'a>(operand: &'a Value, found: &'a Value) -> Option<(&'a str, &'a str)> {
    Some((operand.as_str()?, found.as_str()?))
}

fn is_between(operand: &Value, found: &Value) -> bool {
    let bound = |index: usize| operand.get(index).and_then(Value::as_f64);
    let (least, most) = (bound(0).unwrap_or(f64::MIN), bound(1).unwrap_or(f64::MAX));
    found.as_f64().is_some_and(|number| least <= number && number <= most)
}

/// The types that JSON has.
const TYPES: [&str; 6] = ["null", "boolean", "number", "string", "array", "object"];

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn differs(pattern: &Value, found: &Value) -> Result<(), String> {
    Err(format!("{} is expected, not {}", short(pattern), short(found)))
}

/// A value as text, of at most 200 characters.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_say_as_much_as_they_say() {
        let document = json!({"type": "urn:x", "status": 400, "more": [1, 2]});
        let mut variables = Variables::default();
        let mut check = |pattern: Value| fits(&pattern, &document, &mut variables);
        let part =
            json!({"$members": {"type": {"$begins": "urn:"}, "status": {"$between": [400, 499]}}});
        check(part).unwrap();
        check(json!({"$members": {"more": {"$items": {"$type": "number"}}}})).unwrap();
        check(json!({"type": {"$any": 0}, "status": {"$save": "s"}, "more": [1, 2]})).unwrap();
        check(json!({"$members": {"status": {"$all": [400, {"$same": "s"}, {"$not": 7}]}}}))
            .unwrap();
        let wrong = [
            json!({"$members": {"status": {"$not": 400}}}),
            json!({"$members": {"type": {"$all": ["urn:x", {"$ends": "y"}]}}}),
            json!({"type": "urn:x", "status": 400}),
            json!({"$members": {"status": {"$between": [401, 499]}}}),
            json!({"$members": {"none": {"$any": 0}}}),
            json!({"$members": {"more": {"$items": {"$type": "string"}}}}),
            json!({"$members": {"more": [1]}}),
            json!({"$one-of": [7, "x"]}),
            json!({"$unknown": 1}),
            json!({"$not": {"$unknown": 1}}),
            json!({"$members": []}),
            json!({"$not": {"$one-of": []}}),
            json!({"$all": []}),
            json!({"$members": {"status": {"$between": ["${least}", 500]}}}),
            json!({"$members": {"status": {"$between": [null, null]}}}),
            json!({"$not": {"$type": "text"}}),
        ];
        for pattern in wrong {
            assert!(check(pattern.clone()).is_err(), "{pattern}");
        }
        assert_eq!(variables.get("s"), Some(&json!(400)));
    }
}
