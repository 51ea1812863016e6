//! A plugin that asks its host, and the host's value that answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use goplug::Host;
use tokio::task::JoinSet;

/// What the host offers.
#[goplug::plugin]
pub(crate) trait Oracle {
    /// Answers with the number after this time.
    #[goplug::method]
    async fn after(&self, number: u64, millis: u64) -> u64;

    /// Answers with the number.
    #[goplug::method]
    async fn same(&self, number: u64) -> u64;

    /// Asks the plugin, which asks again.
    #[goplug::method]
    async fn again(&self) -> anyhow::Result<u64>;
}

/// Asks its host.
#[goplug::plugin(namespace = "torture", needs(Oracle))]
pub(crate) struct Asker;

fn oracle() -> goplug::Result<OracleClient<Host>> {
    goplug::host()
}

/// Asks this often at once. Returns how many answers are right.
#[goplug::method(Asker)]
async fn ask_at_once(count: u64, millis: u64) -> goplug::Result<u64> {
    let (oracle, mut tasks) = (oracle()?, JoinSet::new());
    for number in 0..count {
        let oracle = oracle.clone();
        tasks.spawn(async move { oracle.after(number, millis).await.ok() == Some(number) });
    }
    Ok(tasks.join_all().await.into_iter().map(u64::from).sum())
}

/// Asks this often, one after the other. Returns how many answers are right.
#[goplug::method(Asker)]
async fn ask_in_turn(count: u64) -> goplug::Result<u64> {
    let (oracle, mut right) = (oracle()?, 0);
    for number in 0..count {
        right += u64::from(oracle.same(number).await? == number);
    }
    Ok(right)
}

/// Answers with the number.
#[goplug::method(Asker)]
async fn same(number: u64) -> u64 {
    number
}

/// Gives calls up as soon as they are made. Returns how many.
#[goplug::method(Asker)]
async fn give_up(count: u64) -> goplug::Result<u64> {
    let oracle = oracle()?;
    for number in 0..count {
        let slow = oracle.after(number, 600_000);
        drop(tokio::time::timeout(Duration::from_millis(1), slow).await);
    }
    Ok(count)
}

/// Has the host ask this again, without end.
#[goplug::method(Asker)]
async fn circle() -> anyhow::Result<u64> {
    Ok(oracle()?.again().await?)
}

/// The host's value.
#[derive(Clone, Default)]
pub(crate) struct Sage {
    pub(crate) asker: Arc<OnceLock<AskerClient>>,
    /// How many calls wait.
    pub(crate) waiting: Arc<AtomicUsize>,
}

/// Counts a call for as long as it lives.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[goplug::plugin(namespace = "torture")]
impl Oracle for Sage {
    async fn after(&self, number: u64, millis: u64) -> u64 {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(&self.waiting);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        number
    }

    async fn same(&self, number: u64) -> u64 {
        number
    }

    async fn again(&self) -> anyhow::Result<u64> {
        let asker = self.asker.get().ok_or_else(|| anyhow::anyhow!("there is no plugin yet"))?;
        Ok(asker.circle().await?)
    }
}
