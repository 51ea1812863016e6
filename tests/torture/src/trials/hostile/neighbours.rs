//! A plugin that takes from its neighbours what the host has for all of them.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use goplug::Event;
use goplug_tests::fixtures::hostile::{CALLBACK, Mode};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::attempt::{Attempts, Outcome};
use crate::roles::HOSTILE;
use crate::test_env::{TestEnv, this_program, wait_until};
use crate::victim::{Victim, VictimClient};

/// How many plugins come and go.
const NAMES: usize = 200;

/// How long a busy host may take to look at its folder.
const SOON: Duration = Duration::from_secs(20);

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    attempts.attempt("push a neighbour's crash out of a queue by a million gaps", gaps()).await;
    attempts.attempt("have the host keep two hundred names that are gone", names()).await;
}

/// A listener that reads nothing meanwhile has to hear of the neighbour's crash.
async fn gaps() -> Result<Outcome> {
    let env = TestEnv::new()?;
    let keys = json!({
        "Name": "Hostile",
        "Protocol": 2,
        "LazyLoad": true,
        "Exec": [this_program()?, HOSTILE, Mode::Gaps.name()],
    });
    env.put("Hostile.pconf", keys.to_string())?;
    let registry = env.registry().embed::<Victim>().start().await?;
    let victim: VictimClient = registry.client().await?;
    let mut events = registry.events();
    ensure!(victim.abort().await.is_err(), "the neighbour did not crash");
    let hostile = registry.load("Hostile", "").await?;
    let (sender, mut heard) = mpsc::unbounded_channel();
    let handler = move |_| {
        // Nobody may wait for it any more.
        let _ = sender.send(());
        async {}
    };
    let _subscription = hostile.register_callback(CALLBACK, handler).await?;
    heard.recv().await.context("the callback after the gaps")?;
    registry.stop().await?;
    let (mut has_crashed, mut count) = (false, 0_usize);
    while let Some(event) = events.next().await {
        count += 1;
        has_crashed |= matches!(&event, Event::Crashed { plugin, .. } if plugin.name() == "Victim");
    }
    let what = format!("{count} events");
    Ok(if has_crashed { Outcome::Refused(what) } else { Outcome::GotThrough(what) })
}

async fn names() -> Result<Outcome> {
    let env = TestEnv::new()?;
    let registry = env.registry().auto_discover(true).start().await?;
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let name = |n: usize| format!("p{n}.pconf");
    for n in 0..NAMES {
        env.put(
            &name(n),
            json!({"Name": format!("p{n}"), "Sock": "s", "LazyLoad": true}).to_string(),
        )?;
    }
    let are_there = wait_until(SOON, || registry.discovered().len() == NAMES).await;
    ensure!(are_there, "not all of them were discovered");
    for n in 0..NAMES {
        std::fs::remove_file(env.folder().join(name(n)))?;
    }
    let are_forgotten = wait_until(SOON, || tasks() <= before).await;
    let what = format!("{before} tasks before, and {} after", tasks());
    registry.stop().await?;
    Ok(if are_forgotten { Outcome::Refused(what) } else { Outcome::GotThrough(what) })
}
