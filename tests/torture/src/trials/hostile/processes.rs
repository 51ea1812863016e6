//! Plugins that try to outlive a stop, and callers that keep others out.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result};
use goplug::{Cgroup, Plugin, Registry, RegistryBuilder};
use goplug_tests::fixtures::misbehaving::{METHOD, Mode};
use serde_json::json;
use tokio::time::timeout;

use super::attempt::{Attempts, Outcome};
use crate::roles::MISBEHAVING;
use crate::test_env::{TestEnv, this_program, wait_until};
use crate::victim::{Victim, VictimClient};

const STOP_TIMEOUT: Duration = Duration::from_millis(100);

/// How long what was killed may take to be gone.
const GONE: Duration = Duration::from_secs(5);

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    for (what, mode) in [
        ("outlive a stop: ignore it, and SIGTERM", Mode::IgnoresStop),
        ("outlive a stop: move into the host's process group", Mode::JoinsHost),
        ("outlive a stop: begin a session", Mode::LeavesSession),
        ("outlive a stop: stop itself by SIGSTOP", Mode::StoppedByCall),
        ("outlive a stop: a child that holds the pipes", Mode::KeepsPipes),
    ] {
        attempts.attempt(what, outlive(mode)).await;
    }
    attempts.attempt("outlive a stop in a control group: a child with a session", escape()).await;
}

/// Attempts on the time of a caller, which others would take as well.
pub(super) async fn run_alone(attempts: &mut Attempts<'_>) {
    attempts.attempt("keep a caller out by output without end", flood()).await;
    attempts.attempt("keep a caller out by 600 idle connections", crowd()).await;
}

async fn load(env: &TestEnv, mode: Mode, builder: RegistryBuilder) -> Result<(Registry, Plugin)> {
    let exec = json!([this_program()?, MISBEHAVING, mode.name()]);
    let keys = json!({"Name": "Hard", "Protocol": 2, "LazyLoad": true, "Exec": exec});
    env.put("hard.pconf", keys.to_string())?;
    let registry = builder.stop_timeout(STOP_TIMEOUT).start().await?;
    let plugin = registry.load("Hard", "").await?;
    Ok((registry, plugin))
}

async fn is_stopped(env: &TestEnv, plugin: &Plugin) -> Result<Outcome> {
    plugin.unload().await?;
    let is_gone = wait_until(GONE, || env.processes().is_empty()).await;
    Ok(match is_gone {
        true => Outcome::Refused("it was killed".into()),
        false => Outcome::GotThrough(format!("{:?} live on", env.processes())),
    })
}

async fn outlive(mode: Mode) -> Result<Outcome> {
    let env = TestEnv::new()?;
    let builder = env.registry().call_timeout(STOP_TIMEOUT);
    let (_registry, plugin) = load(&env, mode, builder).await?;
    // A plugin that has stopped itself does not answer.
    drop(plugin.execute(METHOD, "").await);
    is_stopped(&env, &plugin).await
}

async fn escape() -> Result<Outcome> {
    let env = TestEnv::new()?;
    let group = Cgroup::new();
    if let Err(lacking) = group.check() {
        return Ok(Outcome::NotTried(lacking.to_string()));
    }
    let builder = env.registry().policy(|policy| policy.cgroup(group));
    let (_registry, plugin) = load(&env, Mode::Escapes, builder).await?;
    plugin.execute(METHOD, "").await?;
    is_stopped(&env, &plugin).await
}

async fn flood() -> Result<Outcome> {
    let env = TestEnv::new()?;
    let (_registry, plugin) = load(&env, Mode::FloodsOutput, env.registry()).await?;
    let answer = timeout(GONE, plugin.ping("there?")).await;
    Ok(match answer {
        Ok(Ok(_)) => Outcome::Refused("the call was answered".into()),
        other => Outcome::GotThrough(format!("{other:?}")),
    })
}

async fn crowd() -> Result<Outcome> {
    let env = TestEnv::new()?;
    let registry = env.registry().embed::<Victim>().start().await?;
    let victim: VictimClient = registry.client().await?;
    let socket = victim.plugin().socket().context("it has no socket")?;
    let asked = tokio::task::spawn_blocking(move || {
        let mut crowd = Vec::new();
        for _ in 0..600 {
            crowd.push(UnixStream::connect(&socket)?);
        }
        let mut caller = UnixStream::connect(&socket)?;
        caller.set_read_timeout(Some(GONE))?;
        caller.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        caller.read_exact(&mut [0])
    });
    let outcome = match asked.await? {
        Ok(()) => Outcome::Refused("a new caller was answered".into()),
        Err(error) => Outcome::GotThrough(error.to_string()),
    };
    registry.stop().await?;
    Ok(outcome)
}
