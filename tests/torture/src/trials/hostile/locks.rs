//! Values of the host's own program that use goplug again while goplug drops them: under a lock, that
//! would never end.

use std::time::Instant;

use anyhow::{Context, Result};
use goplug::{Plugin, Registry};

use super::attempt::{Attempts, Outcome};
use crate::test_env::TestEnv;
use crate::victim::{Victim, VictimClient};

/// How a subscription's handler is dropped.
#[derive(Clone, Copy)]
enum End {
    Unsubscribed,
    Unloaded,
    Reloaded,
    Stopped,
}

/// Runs a function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    for (what, end) in [
        ("a handler that owns a subscription, unsubscribed", End::Unsubscribed),
        ("a handler that owns a subscription, its plugin unloaded", End::Unloaded),
        ("a handler that owns a subscription, its plugin reloaded", End::Reloaded),
        ("a handler that owns a subscription, its registry stopped", End::Stopped),
    ] {
        attempts.attempt(what, owns_subscription(end)).await;
    }
    attempts
        .attempt("a handler that looks at its plugin in its drop", looks(End::Unsubscribed))
        .await;
    attempts.attempt("the same, its registry stopped", looks(End::Stopped)).await;
    attempts.attempt("a handler that panics in its drop", panics()).await;
}

/// A registry with the victim.
async fn loaded() -> Result<(TestEnv, Registry, VictimClient)> {
    let env = TestEnv::new()?;
    let registry = env.registry().embed::<Victim>().start().await?;
    let victim = registry.client().await?;
    Ok((env, registry, victim))
}

/// Subscribes with a handler that has this value, and ends the subscription.
async fn drop_with(
    registry: &Registry,
    victim: &VictimClient,
    end: End,
    value: impl Send + Sync + 'static,
) -> Result<()> {
    let subscription = victim
        .on_tick(move |_| {
            let _value = &value;
            async {}
        })
        .await?;
    victim.call_back(1).await?;
    match end {
        End::Unsubscribed => drop(subscription),
        End::Unloaded => {
            victim.plugin().unload().await?;
            drop(subscription);
        }
        End::Reloaded => {
            drop(registry.reload("Victim", "torture").await?);
            drop(subscription);
        }
        End::Stopped => {
            registry.stop().await?;
            drop(subscription);
        }
    }
    Ok(())
}

async fn owns_subscription(end: End) -> Result<Outcome> {
    let (_env, registry, victim) = loaded().await?;
    let owned = victim.on_tick(|_| async {}).await?;
    let began = Instant::now();
    drop_with(&registry, &victim, end, owned).await?;
    ended(registry, began).await
}

async fn looks(end: End) -> Result<Outcome> {
    let (_env, registry, victim) = loaded().await?;
    let plugin: Plugin = victim.plugin().clone();
    let look = OnDrop(move || {
        let _ = (plugin.stats(), plugin.state(), plugin.process_id(), plugin.socket());
    });
    let began = Instant::now();
    drop_with(&registry, &victim, end, look).await?;
    ended(registry, began).await
}

async fn panics() -> Result<Outcome> {
    let (_env, registry, victim) = loaded().await?;
    let began = Instant::now();
    let dropped = OnDrop(|| std::panic::resume_unwind(Box::new("in a drop")));
    drop_with(&registry, &victim, End::Unsubscribed, dropped).await?;
    // Others are heard nevertheless.
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let _subscription = victim
        .on_tick(move |number| {
            // Nobody may wait for it any more.
            let _ = sender.send(number);
            async {}
        })
        .await?;
    victim.call_back(7).await?;
    heard.recv().await.context("a callback")?;
    ended(registry, began).await
}

async fn ended(registry: Registry, began: Instant) -> Result<Outcome> {
    registry.stop().await?;
    Ok(Outcome::Refused(format!("it ended within {} ms", began.elapsed().as_millis())))
}
