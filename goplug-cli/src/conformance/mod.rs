//! `goplug conformance`: whether a plugin follows docs/protocol.md.
//!
//! The cases are data, in the folder `conformance` of this package; its README describes the format. `case` is
//! that format, with `body`, `pattern` and `variables`; `subject` is the plugin; `steps` runs a case over a
//! `connection`, `judge` looks at what comes, and `checks` at what no request can show. `runner` tries one case
//! after the other, and `report` says what came of them. With `--host` it is the other way round: `host` starts a
//! command, and `scripted` is the plugin that the command starts, which follows a `script`.

mod body;
mod case;
mod cases;
mod checks;
mod connection;
mod event;
mod halt;
mod host;
mod judge;
mod known;
mod members;
mod pattern;
mod report;
mod runner;
mod script;
mod scripted;
mod signature;
mod steps;
mod stream;
mod subject;
mod variables;

use std::fs;
use std::io::{IsTerminal, stdout};

use self::case::Case;
use self::host::Host;
use self::known::Known;
use self::runner::{Runner, Tried, Verdict};
use self::subject::Subject;
use crate::arguments::{Conformance, ScriptedPlugin};
use crate::failure::{Failure, Outcome, Status};
use crate::output::Output;

pub(crate) async fn conformance(options: &Conformance, output: &Output) -> Outcome<Status> {
    let mut cases = if options.host { host::shown()? } else { cases::all()? };
    cases.retain(|case| is_chosen(options, case));
    if cases.is_empty() {
        return Err(Failure::usage(
            "there is no such case; `goplug conformance --list` lists them",
        ));
    }
    if options.list {
        report::list(&cases, output)?;
        return Ok(Status::Success);
    }
    let known = match &options.known_failing {
        Some(file) => Known::read(file)?,
        None => Known::default(),
    };
    let side = Side::open(options).await?;
    let is_tap = options.tap || !output.is_json() && !stdout().is_terminal();
    let tried = attempt(side, &cases, is_tap, &known, output).await?;
    let stale = known.stale(&tried, options.filter.is_empty());
    report(options, output, is_tap, &known, &tried, &stale)?;
    let is_new = |tried: &Tried<'_>| {
        matches!(tried.verdict, Verdict::Failed(_)) && !known.contains(&tried.case.name)
    };
    let is_well = stale.is_empty() && !tried.iter().any(is_new);
    Ok(if is_well { Status::Success } else { Status::Contract })
}

/// The first half of a scripted plugin's process. Returns only if it fails.
pub(crate) fn begin_as_plugin(options: &ScriptedPlugin) -> Failure {
    scripted::begin(&options.orders).into()
}

/// The second half.
pub(crate) async fn scripted_plugin(options: &ScriptedPlugin) -> Outcome<Status> {
    scripted::serve(&options.orders).await
}

/// Whether a case is one of those that are asked for.
fn is_chosen(options: &Conformance, case: &Case) -> bool {
    let is_meant = |filter: &String| {
        case.name.contains(filter.as_str()) || case.section.eq_ignore_ascii_case(filter)
    };
    options.filter.is_empty() || options.filter.iter().any(is_meant)
}

/// The side that is tried.
enum Side {
    Plugin(Box<Runner>),
    Host(Host),
}

impl Side {
    async fn open(options: &Conformance) -> Outcome<Self> {
        let (program, patience) = (&options.program, options.timeout);
        Ok(match options.host {
            true => Self::Host(Host::new(program, patience)?),
            false => Self::Plugin(Box::new(Runner::new(Subject::open(program, patience).await?))),
        })
    }

    async fn attempt<'a>(&mut self, case: &'a Case) -> Tried<'a> {
        match self {
            Self::Plugin(runner) => runner.attempt(case).await,
            Self::Host(host) => host.attempt(case).await,
        }
    }

    async fn close(&mut self) {
        if let Self::Plugin(runner) = self {
            runner.close().await;
        }
    }
}

async fn attempt<'a>(
    mut side: Side,
    cases: &'a [Case],
    is_tap: bool,
    known: &Known,
    output: &Output,
) -> Outcome<Vec<Tried<'a>>> {
    let mut tried = Vec::new();
    if is_tap {
        output.text(&report::plan(cases.len()))?;
    }
    for case in cases {
        let one = side.attempt(case).await;
        if is_tap {
            output.text(&report::line(tried.len() + 1, &one, known.contains(&case.name)))?;
        }
        tried.push(one);
    }
    side.close().await;
    Ok(tried)
}

fn report(
    options: &Conformance,
    output: &Output,
    is_tap: bool,
    known: &Known,
    tried: &[Tried<'_>],
    stale: &[String],
) -> Outcome<()> {
    if let Some(file) = &options.junit {
        fs::write(file, report::junit(tried, stale, |name| known.contains(name))?)?;
    }
    if output.is_json() {
        return output.document(&report::json(tried, stale));
    }
    if is_tap {
        return output.text(&report::stale(stale));
    }
    report::table(tried, output)?;
    stale.iter().try_for_each(|line| output.line(line))?;
    output.line(&report::counts(tried))
}
