//! Plugins that try to outlive a host that is killed.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use goplug_tests::fixtures::misbehaving::Mode;
use serde_json::json;

use super::attempt::{Attempts, Outcome};
use crate::doomed_host::{KILL, PLAIN, READY, SANDBOX};
use crate::roles::{DOOMED_HOST, MISBEHAVING};
use crate::test_env::{TestEnv, this_program, wait_until};

/// How long what has lost its host may take to end: the plugin's stop timeout, and a few seconds.
const GONE: Duration = Duration::from_secs(10);

const ATTEMPTS: &[(&str, Mode, &str)] = &[
    ("in a sandbox: ignore the lifeline and SIGTERM", Mode::IgnoresStop, SANDBOX),
    ("in a sandbox: stop itself by SIGSTOP", Mode::StoppedByCall, SANDBOX),
    ("in a sandbox: block its only thread", Mode::Grows, SANDBOX),
    ("with SIGKILL as policy: ignore the lifeline and SIGTERM", Mode::IgnoresStop, KILL),
    ("with SIGKILL as policy: begin a session", Mode::LeavesSession, KILL),
    ("without a sandbox: output without end", Mode::FloodsOutput, PLAIN),
];

/// What a plugin starts that ends when its host is gone, as commands of a shell.
const STARTED: &[(&str, &str)] = &[
    ("a child", "exec sleep 600"),
    ("a child that ignores SIGTERM and SIGHUP", "trap '' TERM HUP; sleep 600"),
    ("a child of a child", "(sleep 600 & sleep 600) & sleep 600"),
];

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    for &(what, mode, confinement) in ATTEMPTS {
        let what = format!("outlive a killed host {what}");
        attempts.attempt(&what, outlive(mode, confinement)).await;
    }
    for &(what, command) in STARTED {
        let what = format!("outlive a killed host without a sandbox: {what}");
        attempts.attempt(&what, attempt(TestEnv::new(), command)).await;
    }
}

async fn outlive(mode: Mode, confinement: &'static str) -> Result<Outcome> {
    let env = TestEnv::new()?;
    let exec = json!([this_program()?, MISBEHAVING, mode.name()]);
    let keys = json!({"Name": "Hard", "Protocol": 2, "LazyLoad": true, "Exec": exec});
    env.put("hard.pconf", keys.to_string())?;
    attempt(Ok(env), confinement).await
}

async fn attempt(env: Result<TestEnv>, argument: &'static str) -> Result<Outcome> {
    let env = env?;
    let mut host = env.role(DOOMED_HOST)?;
    host.arg(env.folder()).arg(argument).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut host = host.spawn()?;
    let output = host.stdout.take().context("no output")?;
    let line = tokio::task::spawn_blocking(|| BufReader::new(output).lines().next()).await?;
    ensure!(matches!(&line, Some(Ok(line)) if line == READY), "the host is not ready: {line:?}");
    let before = env.processes().len();
    ensure!(before > 1, "no plugin runs");
    host.kill()?;
    host.wait()?;
    let is_gone = wait_until(GONE, || env.processes().is_empty()).await;
    Ok(match is_gone {
        true => Outcome::Refused(format!("what it had started has ended: {}", before - 1)),
        false => Outcome::GotThrough(format!("{:?} live on", env.processes())),
    })
}
