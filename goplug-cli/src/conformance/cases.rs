//! All cases, as they come with the command.

use super::case::{Case, Suite};
use crate::failure::Outcome;

/// The cases of a file.
macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../conformance/", $name, ".json")))),*]
    };
}

/// The files in the order in which they are tried.
const FILES: &[(&str, &str)] = files! {
    "pconf" "start" "transport" "refused" "limits" "activation" "descriptor" "calls" "values"
    "bytes" "failure" "budget" "pipelining" "callbacks" "coming-back" "replies" "services"
    "streams" "incoming" "progress" "stop"
};

/// Reads all cases.
pub(super) fn all() -> Outcome<Vec<Case>> {
    let mut cases = Vec::new();
    for (file, text) in FILES {
        let suite: Suite = serde_json::from_str(text)
            .map_err(|error| std::io::Error::other(format!("conformance/{file}.json: {error}")))?;
        cases.extend(suite.cases.into_iter().map(|mut case| {
            case.name = format!("{file}/{}", case.name);
            if case.section.is_empty() {
                case.section.clone_from(&suite.section);
            }
            case
        }));
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::case::Step;
    use super::super::variables::Variables;
    use super::*;

    /// The headings of docs/protocol.md.
    fn sections() -> BTreeSet<String> {
        let page = include_str!("../../../docs/protocol.md");
        let headings = page.lines().filter(|line| line.starts_with('#'));
        headings.map(|line| line.trim_start_matches('#').trim().replace('`', "")).collect()
    }

    #[test]
    fn every_case_has_a_name_of_its_own_and_a_section_of_the_page() {
        let (cases, sections) = (all().unwrap(), sections());
        let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
        assert!(cases.len() >= 60 && names.len() == cases.len(), "{}", cases.len());
        for case in &cases {
            assert!(sections.contains(&case.section), "{}: {}", case.name, case.section);
            assert!(!case.steps.is_empty() && !case.says.is_empty(), "{}", case.name);
        }
    }

    #[test]
    fn every_step_is_of_the_format() {
        for case in all().unwrap() {
            check(&case.name, &case.steps, &Variables::default());
        }
    }

    /// Reads steps with the variables that are known before a case runs.
    fn check(case: &str, steps: &[serde_json::Value], variables: &Variables) {
        for step in steps {
            let replaced = variables.replace(step);
            let parsed = serde_json::from_value(replaced.clone());
            match parsed.unwrap_or_else(|error| panic!("{case}: {replaced}: {error}")) {
                Step::Each(each) => {
                    for value in each.of {
                        let mut variables = variables.clone();
                        variables.set(&each.value, value);
                        check(case, &each.steps, &variables);
                    }
                }
                Step::Repeat(repeat) => {
                    let mut variables = variables.clone();
                    variables.set(&repeat.value, 0);
                    check(case, &repeat.steps, &variables);
                }
                Step::Other(steps) => check(case, &steps, variables),
                _ => {}
            }
        }
    }
}
