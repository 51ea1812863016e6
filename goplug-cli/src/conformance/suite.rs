//! Files of cases: what those for plugins and those for hosts have in common.

use std::io;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::Outcome;

/// What a case is called, and which sentence of docs/protocol.md it tries.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Title {
    /// In the file, the part behind the slash; then the whole name.
    pub(super) name: String,
    pub(super) says: String,
    /// A heading of the page; in the file, only if it is another than that of the file.
    #[serde(default)]
    pub(super) section: String,
    /// Where the sentence has a meaning, if not everywhere.
    system: Option<System>,
}

/// A family of systems.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum System {
    Unix,
    Windows,
}

impl Title {
    /// Whether the sentence has a meaning on systems of this family, as
    /// [`FAMILY`](std::env::consts::FAMILY) names it.
    pub(super) fn is_for(&self, family: &str) -> bool {
        match self.system {
            Some(System::Unix) => family == "unix",
            Some(System::Windows) => family == "windows",
            None => true,
        }
    }
}

/// A case with the content of its kind.
#[derive(Debug)]
pub(super) struct Case<C> {
    pub(super) title: Title,
    pub(super) content: C,
}

/// The content of a kind of cases.
pub(super) trait Content: DeserializeOwned {
    /// Finds what the types of the format do not.
    fn check(&self) -> Result<(), String>;

    /// Whether no other case may be tried meanwhile.
    fn is_alone(&self) -> bool {
        false
    }
}

/// A file: the cases of a section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    section: String,
    cases: Vec<Map<String, Value>>,
}

/// Reads the cases of files, each with its name and its text.
///
/// # Errors
///
/// A case that is not of the format, with the names of the file and the case.
pub(super) fn read<C: Content>(files: &[(&str, &str)]) -> Outcome<Vec<Case<C>>> {
    let mut cases = Vec::new();
    for (file, text) in files {
        let about = |reason: String| io::Error::other(format!("conformance/{file}.json: {reason}"));
        let suite: Suite = serde_json::from_str(text).map_err(|error| about(error.to_string()))?;
        for members in suite.cases {
            let name = members.get("name").map_or("a case without a name".into(), Value::to_string);
            let case = case(file, &suite.section, members);
            cases.push(case.map_err(|reason| about(format!("{name}: {reason}")))?);
        }
    }
    Ok(cases)
}

fn case<C: Content>(
    file: &str,
    section: &str,
    mut members: Map<String, Value>,
) -> Result<Case<C>, String> {
    let title = ["name", "says", "section", "system"].map(|key| members.remove_entry(key));
    let title: Map<_, _> = title.into_iter().flatten().collect();
    let mut title: Title = parsed(Value::Object(title))?;
    title.name = format!("{file}/{}", title.name);
    if title.section.is_empty() {
        section.clone_into(&mut title.section);
    }
    let content: C = parsed(Value::Object(members))?;
    content.check()?;
    Ok(Case { title, content })
}

fn parsed<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_of_one_family_is_not_tried_on_others() {
        let title = |text: &str| serde_json::from_str::<Title>(text).unwrap();
        let everywhere = title(r#"{"name": "a", "says": "b"}"#);
        let unix = title(r#"{"name": "a", "says": "b", "system": "unix"}"#);
        let windows = title(r#"{"name": "a", "says": "b", "system": "windows"}"#);
        for family in ["unix", "windows"] {
            assert!(everywhere.is_for(family));
            assert_eq!(unix.is_for(family), family == "unix");
            assert_eq!(windows.is_for(family), family == "windows");
        }
    }
}
