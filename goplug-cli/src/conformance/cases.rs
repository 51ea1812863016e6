//! All cases for plugins, as they come with the command.

use serde_json::Value;

use super::case::{Kind, PluginCase, Step};
use super::members::Members;
use super::suite::{Case, Content, read};
use super::variables::Variables;
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
pub(super) fn all() -> Outcome<Vec<Case<PluginCase>>> {
    read(FILES)
}

impl Content for PluginCase {
    fn check(&self) -> Result<(), String> {
        let members = Members::new().map_err(|failure| failure.line())?;
        self.needs.members.iter().try_for_each(|name| members.lists(name))?;
        if self.start.is_some() && !matches!(self.process, Kind::Own | Kind::New) {
            return Err("`start` is of a process of the case's own".into());
        }
        check(&self.steps, &Variables::default())
    }

    fn is_alone(&self) -> bool {
        self.alone
    }
}

/// Reads steps with the variables that are known before a case runs. A case that tries nothing would pass.
fn check(steps: &[Value], variables: &Variables) -> Result<(), String> {
    if steps.is_empty() {
        return Err("there are no steps".into());
    }
    for step in steps {
        let replaced = variables.replace(step);
        let parsed = serde_json::from_value(replaced.clone());
        let parsed = parsed.map_err(|error| format!("{replaced}: {error}"))?;
        within(parsed, variables).map_err(|reason| match reason {
            Some(reason) => reason,
            None => format!("{replaced}: it tries nothing"),
        })?;
    }
    Ok(())
}

/// Checks the steps within a step. The error is `None` if that step itself tries nothing.
fn within(step: Step, variables: &Variables) -> Result<(), Option<String>> {
    let with = |name: &str, value: Value, steps: &[Value]| {
        let mut variables = variables.clone();
        variables.set(name, value);
        check(steps, &variables).map_err(Some)
    };
    let tries_something = match &step {
        Step::Each(each) => !each.of.is_empty(),
        Step::Repeat(repeat) => repeat.times > 0,
        Step::Until(request) => request.answer.is_some(),
        Step::Events(events) => events.end || !events.are.is_empty(),
        _ => true,
    };
    if !tries_something {
        return Err(None);
    }
    match step {
        Step::Each(each) => {
            each.of.into_iter().try_for_each(|value| with(&each.value, value, &each.steps))
        }
        Step::Repeat(repeat) => with(&repeat.value, 0.into(), &repeat.steps),
        Step::Other(steps) => check(&steps, variables).map_err(Some),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The headings of docs/protocol.md.
    fn sections() -> BTreeSet<String> {
        let page = include_str!("../../../docs/protocol.md");
        let headings = page.lines().filter(|line| line.starts_with('#'));
        headings.map(|line| line.trim_start_matches('#').trim().replace('`', "")).collect()
    }

    #[test]
    fn every_case_has_a_name_of_its_own_and_a_section_of_the_page() {
        let plugins = all().unwrap().into_iter().map(|case| case.title);
        let hosts = super::super::host::all().unwrap().into_iter().map(|case| case.title);
        let titles: Vec<_> = plugins.chain(hosts).collect();
        let sections = sections();
        let names: BTreeSet<_> = titles.iter().map(|title| &title.name).collect();
        assert!(titles.len() >= 200 && names.len() == titles.len(), "{}", titles.len());
        for title in &titles {
            assert!(sections.contains(&title.section), "{}: {}", title.name, title.section);
            assert!(!title.says.is_empty(), "{}", title.name);
        }
    }

    /// Why a file with this case is refused.
    #[track_caller]
    fn refused(case: &str) -> String {
        let text = format!(r#"{{"section": "Calls", "cases": [{case}]}}"#);
        read::<PluginCase>(&[("some", &text)]).unwrap_err().line()
    }

    #[test]
    fn an_error_names_the_file_and_the_case_and_the_step() {
        let wrong = [
            r#"{"leap": {"on": "a"}}"#,
            r#"{"check": "no-check"}"#,
            r#"{"send": {"bytes": "x", "too": "much"}}"#,
            r#""terminated""#,
            r#"{"each": {"value": "v", "of": [1, 2], "steps": [{"leap": "${v}"}]}}"#,
            r#"{"repeat": {"value": "v", "times": 2, "steps": [{"other": [{"leap": 1}]}]}}"#,
        ];
        for step in wrong {
            let case =
                format!(r#"{{"name": "wrong", "says": "x", "steps": ["terminate", {step}]}}"#);
            let reason = refused(&case);
            assert!(reason.starts_with(r#"conformance/some.json: "wrong": "#), "{reason}");
            let names_it =
                ["leap", "no-check", "too", "terminated"].map(|word| reason.contains(word));
            assert!(names_it.contains(&true), "{reason}");
        }
    }

    #[test]
    fn a_case_that_tries_nothing_is_refused() {
        let nothing = [
            r#"{"each": {"value": "v", "of": [], "steps": ["terminate"]}}"#,
            r#"{"each": {"value": "v", "of": [1], "steps": []}}"#,
            r#"{"repeat": {"value": "v", "times": 0, "steps": ["terminate"]}}"#,
            r#"{"other": []}"#,
            r#"{"until": {"to": "Ping"}}"#,
            r#"{"events": {"on": "a"}}"#,
        ];
        for step in nothing {
            refused(&format!(r#"{{"name": "n", "says": "x", "steps": [{step}]}}"#));
        }
        refused(r#"{"name": "n", "says": "x", "steps": []}"#);
    }

    #[test]
    fn a_need_that_no_plugin_can_meet_is_refused() {
        let needs = r#""needs": {"members": ["no-such-method"]}"#;
        let reason =
            refused(&format!(r#"{{"name": "n", "says": "x", {needs}, "steps": ["terminate"]}}"#));
        assert!(reason.contains("no-such-method"), "{reason}");
    }
}
