//! Values that a case takes over from one step to another: `${name}`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The variables of a case.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables(BTreeMap<String, Value>);

impl Variables {
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The value with all variables replaced that are known. A text that is nothing but a variable becomes the
    /// variable's value.
    pub(super) fn replace(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.replace_in(text),
            Value::Array(items) => items.iter().map(|item| self.replace(item)).collect(),
            Value::Object(members) => {
                let replaced = members.iter().map(|(key, value)| {
                    let key = match self.replace_in(key) {
                        Value::String(key) => key,
                        other => other.to_string(),
                    };
                    (key, self.replace(value))
                });
                Value::Object(replaced.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    fn replace_in(&self, text: &str) -> Value {
        if let Some(value) = whole(text).and_then(|expression| self.value(expression)) {
            return value;
        }
        let mut replaced = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            replaced.push_str(before);
            let found = after.split_once('}').map(|(name, rest)| (self.value(name), rest));
            let Some((Some(value), behind)) = found else {
                replaced.push_str("${");
                rest = after;
                continue;
            };
            match value {
                Value::String(text) => replaced.push_str(&text),
                other => replaced.push_str(&other.to_string()),
            }
            rest = behind;
        }
        replaced.push_str(rest);
        Value::String(replaced)
    }

    /// The value of `name`, of `name+1`, or of `name+other`.
    fn value(&self, expression: &str) -> Option<Value> {
        if let Some(value) = self.0.get(expression) {
            return Some(value.clone());
        }
        let (name, other) = expression.split_once('+')?;
        let number = |name: &str| self.0.get(name).and_then(Value::as_u64);
        let other = other.parse().ok().or_else(|| number(other))?;
        Some(number(name)?.checked_add(other)?.into())
    }
}

/// The name of the variable, if the text is nothing else.
fn whole(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    (!name.contains('}')).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_values_or_parts_of_texts() {
        let mut variables = Variables::default();
        variables.set("n", 7);
        variables.set("name", "add");
        let step =
            json!({"to": "/${name}/${n}", "${name}": ["${n}", "${n+2}", "${n+n}", "${other}"]});
        let replaced = json!({"to": "/add/7", "add": [7, 9, 14, "${other}"]});
        assert_eq!(variables.replace(&step), replaced);
    }
}
