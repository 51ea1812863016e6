//! What is done, and how long it took: a line for people, or an object for programs.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::followed::News;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// Says what is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps<'a>(&'a Output);

/// A step that has begun.
#[derive(Debug)]
pub(super) struct Step<'a> {
    steps: Steps<'a>,
    began: Instant,
}

/// A step, as `--json` prints it.
#[derive(Debug, Default, Serialize)]
struct Report<'a> {
    step: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        Self(output)
    }

    pub(super) fn begin(self) -> Step<'a> {
        Step { steps: self, began: Instant::now() }
    }

    /// Where the standard output of what is run goes: it must not come between the objects.
    pub(super) fn standard_output(self) -> Stdio {
        if self.0.is_json() { io::stderr().into() } else { Stdio::inherit() }
    }

    /// Some folders are not watched.
    pub(super) fn unwatched(self, error: &str) -> Outcome<()> {
        self.say(&Report { step: "watch", error: Some(error), ..Report::default() }, error)
    }

    pub(super) fn host_started(self, line: &str) -> Outcome<()> {
        self.say(&Report { step: "run", ..Report::default() }, &format!("runs {line}"))
    }

    /// The host's own program has changed.
    pub(super) fn host_changed(self) -> Outcome<()> {
        let text = "the host has changed, and is started again";
        self.say(&Report { step: "restart", ..Report::default() }, text)
    }

    pub(super) fn host_ended(self, status: ExitStatus) -> Outcome<()> {
        let status = (status.to_string(), status.success());
        let error = Some(&*status.0).filter(|_| !status.1);
        let text =
            format!("the host has ended ({}); it is started again after the next save", status.0);
        self.say(&Report { step: "host-end", error, ..Report::default() }, &text)
    }

    /// Something has become of a plugin's processes.
    pub(super) fn news(self, plugin: &str, news: &News) -> Outcome<()> {
        let report = Report { step: "serve", plugin: Some(plugin), ..Report::default() };
        match news {
            News::Serves { pid, after: Some(after) } => {
                let milliseconds = Some(milliseconds(*after));
                let text = format!("{plugin} serves after {} (pid {pid})", shown(*after));
                self.say(&Report { pid: Some(*pid), milliseconds, ..report }, &text)
            }
            News::Serves { pid, after: None } => {
                let text = format!("{plugin} serves again (pid {pid})");
                self.say(&Report { pid: Some(*pid), ..report }, &text)
            }
            News::NotReplaced(why) => {
                self.say(&Report { error: Some(why), ..report }, &format!("{plugin}: {why}"))
            }
            News::Ended { pid } => {
                let text = format!("{plugin} has ended (pid {pid}), and is not started again");
                self.say(&Report { step: "end", pid: Some(*pid), ..report }, &text)
            }
        }
    }

    fn say(self, report: &Report<'_>, text: &str) -> Outcome<()> {
        if self.0.is_json() {
            return self.0.line(&serde_json::to_string(report).map_err(io::Error::from)?);
        }
        self.0.note(&format!("dev: {text}"));
        Ok(())
    }
}

impl Step<'_> {
    pub(super) fn built(self) -> Outcome<()> {
        self.end(Report { step: "build", ..Report::default() }, "built")
    }

    /// The build has said why it failed.
    pub(super) fn not_built(self, has_plugins: bool) -> Outcome<()> {
        let error = match has_plugins {
            false => "the build failed",
            true => "the build failed; the plugins that are installed stay",
        };
        self.end(Report { step: "build", error: Some(error), ..Report::default() }, error)
    }

    pub(super) fn installed(self, plugin: &str) -> Outcome<()> {
        let report = Report { step: "install", plugin: Some(plugin), ..Report::default() };
        self.end(report, &format!("installed {plugin}"))
    }

    pub(super) fn not_installed(self, failure: &Failure) -> Outcome<()> {
        let error = failure.line();
        self.end(Report { step: "install", error: Some(&error), ..Report::default() }, &error)
    }

    fn end(self, report: Report<'_>, text: &str) -> Outcome<()> {
        let took = self.began.elapsed();
        let before = if report.error.is_some() { "after" } else { "in" };
        let text = format!("{text} {before} {}", shown(took));
        self.steps.say(&Report { milliseconds: Some(milliseconds(took)), ..report }, &text)
    }
}

fn milliseconds(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

/// A time as people read it.
fn shown(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_unit_that_suits_it() {
        assert_eq!(shown(Duration::from_micros(31_900)), "31 ms");
        assert_eq!(shown(Duration::from_millis(1240)), "1.2 s");
    }
}
