//! A plugin that tries to use up its host's memory, its time or its log. The host is a process of its own with
//! one thread, which says what it has cost.

use anyhow::{Result, ensure};
use goplug_tests::fixtures::hostile::{Cost, Mode};
use serde_json::json;

use super::attempt::{Attempts, Outcome};
use crate::roles::HOSTILE;
use crate::test_env::{TestEnv, this_program};

/// An attempt, the memory that the host may need for it in MiB, and the processor time in ms. An amount of
/// memory is some of the largest bodies that are allowed, where the attempt sends dozens.
const ATTEMPTS: &[(&str, Mode, u64, u64)] = &[
    ("24 callbacks of 40 MB, faster than they are handled", Mode::LargeCallbacks, 400, 15_000),
    ("24 calls of a service with 40 MB each", Mode::LargeServices, 700, 15_000),
    ("a descriptor of 60 MB", Mode::LargeDescriptor, 200, 5_000),
    ("a descriptor of a hundred thousand methods", Mode::ManyMembers, 200, 5_000),
    ("a descriptor of a hundred thousand lists in lists", Mode::DeepDescriptor, 100, 5_000),
    ("an error of 40 MB", Mode::LargeError, 300, 5_000),
    ("a line of output of 256 MB", Mode::EndlessLine, 100, 10_000),
    ("a hundred thousand callbacks of names that nobody declared", Mode::UnknownNames, 100, 10_000),
    ("a million events without a name", Mode::EmptyEvents, 100, 10_000),
    ("ten million lines of comments", Mode::Comments, 100, 10_000),
    ("a callback of five million lines", Mode::ManyLines, 300, 10_000),
    ("a hundred thousand lines of output", Mode::ManyOutputLines, 100, 10_000),
    ("a million gaps among callbacks", Mode::Gaps, 100, 10_000),
    ("a hundred thousand callbacks that are not the base64 they say", Mode::NotBase64, 100, 10_000),
    ("a hundred thousand events of no service", Mode::NeitherNor, 100, 10_000),
];

/// How many lines the log of the host may have. What is printed is bounded by `goplug::limits::LOG_BURST` and
/// `LOG_RATE`, and every other kind of line by `WARNINGS`.
fn most_lines(mode: Mode) -> u64 {
    match mode {
        Mode::ManyOutputLines | Mode::EndlessLine => 20_000,
        _ => 300,
    }
}

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    for &(what, mode, memory, time) in ATTEMPTS {
        attempts.attempt(what, attempt(mode, memory, time)).await;
    }
}

async fn attempt(mode: Mode, most_memory: u64, most_time: u64) -> Result<Outcome> {
    let env = TestEnv::new()?;
    let keys = json!({
        "Name": "Hostile",
        "Protocol": 2,
        "LazyLoad": true,
        "Exec": [this_program()?, HOSTILE, mode.name()],
    });
    env.put("Hostile.pconf", keys.to_string())?;
    let mut host = env.role(HOSTILE)?;
    host.arg("host").arg(mode.name()).arg(env.folder());
    let output = tokio::task::spawn_blocking(move || host.output()).await??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let Cost { memory, time, logged, refused } = serde_json::from_slice(&output.stdout)?;
    let most_logged = most_lines(mode);
    let cost = format!(
        "{memory} MiB of {most_memory}, {time} ms of {most_time}, {logged} lines of {most_logged}"
    );
    Ok(if memory > most_memory || time > most_time || logged > most_logged {
        Outcome::GotThrough(cost)
    } else {
        Outcome::Refused(refused.map_or(cost.clone(), |refused| format!("{cost}; {refused}")))
    })
}
