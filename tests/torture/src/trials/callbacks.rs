//! Callbacks over connections that are cut at random: none is lost, none arrives twice, and
//! none arrives out of order.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use goplug::{Bytes, Event, Registry};
use serde_json::json;
use tokio::sync::mpsc;

use super::Scale;
use crate::proxy::Proxy;
use crate::report::Report;
use crate::roles::TICKER;
use crate::test_env::{TestEnv, socket_in, wait_until};

/// About how many connections are cut. The cuts are spread over the callbacks, not over time, so
/// that a slow machine has as many.
const CUTS: usize = 200;

/// The trial ends after this time without a callback.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(15);

/// The length of the queue between the handler and the count.
const BACKLOG: usize = 1024;

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    let ticker = Ticker::start(&env).await?;
    let front = env.socket("front.sock");
    let proxy = Proxy::start(&front, ticker.socket.clone())?;
    env.put(
        "ticker.pconf",
        json!({
            "Name": "Ticker",
            "NameSpace": "torture",
            "Protocol": 2,
            "Sock": front,
        })
        .to_string(),
    )?;
    let registry = env.registry().start().await?;
    let missed = count_missed(&registry);
    let plugin = registry.load("Ticker", "torture").await?;
    let (sender, mut ticks) = mpsc::channel(BACKLOG);
    let subscription = plugin.register_callback("tick", move |number: Bytes| {
        let sender = sender.clone();
        async move { drop(sender.send(number).await) }
    });
    let _subscription = subscription.await?;
    let count: usize = scale.pick(1_000_000, 50_000);
    plugin.execute("burst", count.to_string()).await?;

    let began = Instant::now();
    let mut received = Received::new(count);
    received.count(&mut ticks, &proxy).await?;
    report.note("callbacks", count);
    report.note("in seconds", format!("{:.1}", began.elapsed().as_secs_f64()));
    report.at_least("connections cut meanwhile", received.cuts, CUTS / 4);
    report.at_most("callbacks lost", received.lost(), 0);
    report.at_most("callbacks that came twice", received.twice, 0);
    report.at_most("callbacks out of order", received.out_of_order, 0);
    report.at_most("callbacks said to be missed", missed.load(Ordering::Relaxed), 0);
    registry.stop().await?;
    Ok(())
}

/// Sums up the callbacks that the registry reports as missed.
fn count_missed(registry: &Registry) -> Arc<AtomicUsize> {
    let (missed, mut events) = (Arc::new(AtomicUsize::new(0)), registry.events());
    let sum = Arc::clone(&missed);
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let Event::CallbacksMissed { count, .. } = event {
                sum.fetch_add(usize::try_from(count).unwrap_or(usize::MAX), Ordering::Relaxed);
            }
        }
    });
    missed
}

/// Which numbers have arrived, and how.
struct Received {
    seen: Vec<bool>,
    twice: usize,
    out_of_order: usize,
    /// How many connections were cut meanwhile.
    cuts: usize,
}

impl Received {
    fn new(count: usize) -> Self {
        Self { seen: vec![false; count], twice: 0, out_of_order: 0, cuts: 0 }
    }

    /// Counts callbacks until all have arrived or none arrives any more, and cuts a connection
    /// now and then.
    async fn count(&mut self, ticks: &mut mpsc::Receiver<Bytes>, proxy: &Proxy) -> Result<()> {
        let mut last = None;
        let interval = 2 * self.seen.len() / CUTS;
        let mut left = fastrand::usize(1..=interval);
        while !self.seen.last().copied().unwrap_or(true) {
            let Ok(Some(text)) = tokio::time::timeout(RECEIVE_TIMEOUT, ticks.recv()).await else {
                return Ok(());
            };
            let number: usize = std::str::from_utf8(&text)?.parse()?;
            ensure!(number < self.seen.len(), "{number} was never sent");
            self.out_of_order += usize::from(last.is_some_and(|last| number < last));
            self.twice += usize::from(std::mem::replace(&mut self.seen[number], true));
            last = Some(number);
            left -= 1;
            if left == 0 {
                left = fastrand::usize(1..=interval);
                // Right after a cut there may be no connection yet.
                self.cuts += usize::from(wait_until(RECEIVE_TIMEOUT, || proxy.cut()).await);
            }
        }
        Ok(())
    }

    fn lost(&self) -> usize {
        self.seen.iter().filter(|seen| !**seen).count()
    }
}

/// The process of the plugin, which no registry started.
struct Ticker {
    process: Child,
    socket: std::path::PathBuf,
}

impl Ticker {
    async fn start(env: &TestEnv) -> Result<Self> {
        let folder = env.path("ticker");
        let mut command: Command = env.role(TICKER)?;
        let process = command.arg(&folder).stdin(Stdio::null()).spawn()?;
        let mut ticker = Self { process, socket: std::path::PathBuf::new() };
        let published = folder.join("torture.Ticker.pconf");
        let serves = wait_until(RECEIVE_TIMEOUT, || published.exists()).await;
        ensure!(serves, "the ticker does not serve");
        ticker.socket = socket_in(&published)?;
        Ok(ticker)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
