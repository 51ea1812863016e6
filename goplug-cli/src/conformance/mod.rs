//! `goplug conformance`: whether a plugin follows docs/protocol.md.
//!
//! The cases are data, in the folder `conformance` of this package; its README describes the format. A `suite` is a
//! file of them, and `side` is what is tried.
//!
//! A plugin: `case` is the format, with `body`, `pattern` and `variables`; `subject` is the plugin; a `run` of a case
//! takes its `steps`, those over a `connection` by `exchange`; `judge` looks at what comes, and `checks` at what no
//! request can show. `runner` is all of that.
//!
//! A host: `script` is the format; `host` starts a command with a folder of `plugins`, and judges. `scripted` is the
//! plugin there, which the command starts: it follows its `orders` when it is `answering`, or does what is `good`.
//!
//! Several cases are tried at a time, as `jobs`. `report` says what came of them.

mod answering;
mod body;
mod case;
mod cases;
mod checks;
mod connection;
mod event;
mod exchange;
mod good;
mod halt;
mod host;
mod jobs;
mod judge;
mod known;
mod members;
mod orders;
mod pattern;
mod plugins;
mod report;
mod run;
mod runner;
mod script;
mod scripted;
mod side;
mod signature;
mod steps;
mod stream;
mod subject;
mod suite;
mod variables;

use std::env::consts::FAMILY;
use std::fs;
use std::io::{IsTerminal, stdout};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use self::host::Host;
use self::jobs::{Job, in_order};
use self::known::Known;
use self::runner::Runner;
use self::side::{Side, Tried, attempt};
use self::suite::{Case, Content, Title};
use crate::arguments::{Conformance, ScriptedPlugin};
use crate::failure::{Failure, Outcome, Status};
use crate::output::Output;

pub(crate) async fn conformance(options: &Conformance, output: &Output) -> Outcome<Status> {
    match options.host {
        true => conformance_of::<Host>(options, output).await,
        false => conformance_of::<Runner>(options, output).await,
    }
}

async fn conformance_of<S: Side>(options: &Conformance, output: &Output) -> Outcome<Status> {
    let mut cases = S::cases()?;
    cases.retain(|case| case.title.is_for(FAMILY) && is_chosen(options, &case.title));
    if cases.is_empty() {
        return Err(Failure::usage(
            "there is no such case; `goplug conformance --list` lists them",
        ));
    }
    if options.list {
        let titles: Vec<_> = cases.iter().map(|case| &case.title).collect();
        report::list(&titles, output)?;
        return Ok(Status::Success);
    }
    let known = match &options.known_failing {
        Some(file) => Known::read(file)?,
        None => Known::default(),
    };
    let side = S::open(&options.program, options.timeout).await?;
    let is_tap = options.tap || !output.is_json() && !stdout().is_terminal();
    let at_a_time = options.jobs.or(available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let tried = attempt_all(side, &cases, at_a_time, is_tap, &known, output).await?;
    let stale = known.stale(&tried, options.filter.is_empty());
    report(options, output, is_tap, &tried, &stale)?;
    let is_well = stale.is_empty() && !tried.iter().any(Tried::is_failure);
    Ok(if is_well { Status::Success } else { Status::Contract })
}

/// The first half of a scripted plugin's process. If it returns without an error, the second half goes on in the
/// same process.
pub(crate) fn begin_as_plugin(options: &ScriptedPlugin) -> Outcome<()> {
    Ok(scripted::begin(&options.orders)?)
}

/// The second half.
pub(crate) async fn scripted_plugin(options: &ScriptedPlugin) -> Outcome<Status> {
    scripted::serve(&options.orders).await
}

/// Whether a case is one of those that are asked for.
fn is_chosen(options: &Conformance, title: &Title) -> bool {
    let is_meant = |filter: &String| {
        title.name.contains(filter.as_str()) || title.section.eq_ignore_ascii_case(filter)
    };
    options.filter.is_empty() || options.filter.iter().any(is_meant)
}

async fn attempt_all<'a, S: Side>(
    side: S,
    cases: &'a [Case<S::Content>],
    at_a_time: NonZeroUsize,
    is_tap: bool,
    known: &Known,
    output: &Output,
) -> Outcome<Vec<Tried<'a>>> {
    let mut tried = Vec::new();
    if is_tap {
        output.text(&report::plan(cases.len()))?;
    }
    let jobs = cases.iter().map(|case| Job {
        work: attempt(&side, case, known.contains(&case.title.name)),
        is_alone: case.content.is_alone(),
    });
    let done = |one: Tried<'a>| {
        if is_tap {
            output.text(&report::line(tried.len() + 1, &one))?;
        }
        tried.push(one);
        Ok(())
    };
    in_order(jobs, at_a_time, done).await?;
    side.close().await;
    Ok(tried)
}

fn report(
    options: &Conformance,
    output: &Output,
    is_tap: bool,
    tried: &[Tried<'_>],
    stale: &[String],
) -> Outcome<()> {
    if let Some(file) = &options.junit {
        fs::write(file, report::junit(tried, stale)?)?;
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
