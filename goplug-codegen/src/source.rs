//! What is known of the plugin, out of a `.pconf` or the output of `PROGRAM describe`.

use goplug_runtime::protocol::{Descriptor, Pconf};
use serde_json::Value;

use crate::Error;

/// Reads a `.pconf` or a descriptor. They differ in the case of their first key.
pub(crate) fn read(text: &str) -> Result<Descriptor, Error> {
    let value: Value = serde_json::from_str(text).map_err(unreadable)?;
    if value.get("name").is_some() {
        return serde_json::from_value(value).map_err(unreadable);
    }
    let pconf = Pconf::parse(text.as_bytes()).map_err(unreadable)?;
    pconf.descriptor().ok_or(Error::Empty)
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::Source { reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pconf_and_a_descriptor_say_the_same() {
        let methods = r#"[{"name":"add","params":[{"name":"a","type":"i64"}]}]"#;
        let pconf =
            format!(r#"{{"Name":"Sum","NameSpace":"math","Exec":["sum"],"Methods":{methods}}}"#);
        let descriptor = format!(r#"{{"name":"Sum","namespace":"math","methods":{methods}}}"#);
        let (one, other) = (read(&pconf).unwrap(), read(&descriptor).unwrap());
        assert_eq!((one.methods, one.namespace), (other.methods, other.namespace));
    }

    #[test]
    fn other_texts_are_refused() {
        assert!(matches!(read("{"), Err(Error::Source { .. })));
        assert!(matches!(read("[]"), Err(Error::Source { .. })));
        assert!(matches!(read(r#"{"Name":"Sum","Exec":["sum"]}"#), Err(Error::Empty)));
    }
}
