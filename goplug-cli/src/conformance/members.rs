//! The conformance plugin: methods and callbacks that make it possible to try everything. A plugin is tried
//! as far as it has them.

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Outcome;

/// What the conformance plugin has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Members {
    methods: Vec<Member>,
    callbacks: Vec<Member>,
}

/// A method or a callback, without its types: every language has its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    name: String,
    params: Vec<String>,
    /// Whether the result is a stream.
    #[serde(default)]
    stream: bool,
    /// Whether the last parameter is a stream.
    #[serde(default)]
    incoming: bool,
    /// Whether it reports progress.
    #[serde(default)]
    progress: bool,
    #[allow(dead_code, reason = "for the authors of such plugins")]
    does: String,
}

impl Members {
    pub(super) fn new() -> Outcome<Self> {
        let text = include_str!("../../conformance/plugin.json");
        Ok(serde_json::from_str(text).map_err(std::io::Error::from)?)
    }

    /// Fails if the conformance plugin has no such member.
    pub(super) fn lists(&self, name: &str) -> Result<(), String> {
        self.find(name).map(drop)
    }

    fn find(&self, name: &str) -> Result<&Member, String> {
        let mut members = self.methods.iter().chain(&self.callbacks);
        let member = members.find(|member| member.name == name);
        member.ok_or(format!("the case names {name}, which plugin.json has not"))
    }

    /// Whether a plugin with this descriptor has a member, and why not.
    pub(super) fn has(&self, name: &str, descriptor: &Value) -> Result<(), String> {
        let member = self.find(name)?;
        let found = ["methods", "callbacks"].iter().find_map(|kind| {
            let members = descriptor.get(kind)?.as_array()?;
            members.iter().find(|found| found["name"] == name)
        });
        match found {
            None => Err(format!("the plugin has no {name}({})", member.params.join(", "))),
            Some(found) if member.is_like(found) => Ok(()),
            Some(_) => {
                Err(format!("the plugin's {name} is not {name}({})", member.params.join(", ")))
            }
        }
    }
}

impl Member {
    fn is_like(&self, found: &Value) -> bool {
        let params = found["params"].as_array().map(Vec::as_slice).unwrap_or_default();
        let names = params.iter().map(|param| param["name"].as_str().unwrap_or_default());
        let is_incoming = params.last().is_some_and(|param| param["stream"] == true);
        names.eq(self.params.iter().map(String::as_str))
            && (found["stream"] == true) == self.stream
            && is_incoming == self.incoming
            && found["progress"].is_object() == self.progress
    }
}
