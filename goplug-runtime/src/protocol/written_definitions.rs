//! Definitions that two sides write in the same way are read once.
//!
//! Two sides mostly say the same of their types, and at length: of a plugin with a hundred methods,
//! three quarters of the descriptor are definitions. They are the last key of a descriptor.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Descriptor;

/// The definitions of a descriptor, and how they end its text.
#[derive(Clone, Debug)]
pub(crate) struct WrittenDefinitions {
    definitions: Arc<Map<String, Value>>,
    tail: Vec<u8>,
}

impl WrittenDefinitions {
    pub(crate) fn of(descriptor: &Descriptor) -> Self {
        let definitions = Arc::clone(&descriptor.definitions);
        // Without a text, which every map has, the tail is that of no descriptor.
        let written = serde_json::to_string(&*definitions).unwrap_or_default();
        Self { definitions, tail: format!(",\"$defs\":{written}}}").into_bytes() }
    }

    /// Reads a descriptor. If its definitions are written as these are, it shares them.
    ///
    /// # Errors
    /// The text is no descriptor.
    pub(crate) fn read(&self, text: &[u8]) -> serde_json::Result<Descriptor> {
        let rest = text.strip_suffix(&*self.tail).map(|rest| [rest, b"}"].concat());
        // If what comes before the tail is a whole object, once it is closed, the tail is a key of that
        // object, and no part of a value in it.
        match rest.and_then(|rest| serde_json::from_slice::<Descriptor>(&rest).ok()) {
            Some(read) => Ok(Descriptor { definitions: Arc::clone(&self.definitions), ..read }),
            None => serde_json::from_slice(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn descriptor(doc: &str, definitions: &Value) -> Descriptor {
        let method = json!({"name": "m", "doc": doc});
        serde_json::from_value(json!({"name": "P", "methods": [method], "$defs": definitions}))
            .unwrap()
    }

    #[test]
    fn a_descriptor_shares_the_definitions_that_it_writes_in_the_same_way() {
        let own = descriptor("", &json!({"A": {"type": "string"}}));
        let known = WrittenDefinitions::of(&own);
        for (definitions, is_shared) in [
            (json!({"A": {"type": "string"}}), true),
            (json!({"A": {"type": "integer"}}), false),
            (json!({"A": {"type": "string"}, "B": true}), false),
            (json!({}), false),
        ] {
            let theirs = descriptor("theirs", &definitions);
            let read = known.read(&serde_json::to_vec(&theirs).unwrap()).unwrap();
            assert_eq!(read, theirs);
            assert_eq!(Arc::ptr_eq(&read.definitions, &own.definitions), is_shared);
        }
    }

    #[test]
    fn a_tail_within_a_value_is_no_tail() {
        let own = descriptor("", &json!({"A": true}));
        let known = WrittenDefinitions::of(&own);
        let tail = str::from_utf8(&known.tail).unwrap();
        for text in [
            format!(r#"{{"name":"P","other":{{"x":1{tail}}}"#),
            format!(r#"{{"name":"P","other":[{{"x":1{tail}]}}"#),
            format!(r#"{{"name":"P","methods":[{{"name":"m"{tail}]}}"#),
        ] {
            let plain = serde_json::from_str::<Descriptor>(&text).unwrap();
            assert_eq!(known.read(text.as_bytes()).unwrap(), plain, "{text}");
            assert!(plain.definitions.is_empty());
        }
        for text in [tail.to_owned(), format!(r#"{{"name":"P"{tail} x"#), format!("[{tail}")] {
            known.read(text.as_bytes()).unwrap_err();
        }
    }
}
