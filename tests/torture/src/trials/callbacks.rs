//! Callbacks over connections that are cut at random: none is lost, none comes twice, none
//! out of order.

use std::path::Path;
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
use crate::scene::{Scene, comes_true};

/// How many cuts there are, about: whatever the machine's pace, each after as many callbacks.
const CUTS: usize = 200;

/// Without a callback for this long, there will be no more.
const SILENCE: Duration = Duration::from_secs(15);

/// Callbacks on their way to the count.
const BACKLOG: usize = 1024;

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let scene = Scene::new()?;
    let ticker = Ticker::start(&scene).await?;
    let proxy = Proxy::start(&scene.path("front.sock"), ticker.socket.clone())?;
    scene.put(
        "ticker.pconf",
        json!({
            "Name": "Ticker",
            "NameSpace": "torture",
            "Protocol": 2,
            "Sock": scene.path("front.sock"),
        })
        .to_string(),
    )?;
    let registry = scene.registry().start().await?;
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
    let mut seen = Seen::new(count);
    seen.count(&mut ticks, &proxy).await?;
    report.note("callbacks", count);
    report.note("in seconds", format!("{:.1}", began.elapsed().as_secs_f64()));
    report.at_least("connections cut meanwhile", seen.cuts, CUTS / 4);
    report.at_most("callbacks lost", seen.lost(), 0);
    report.at_most("callbacks that came twice", seen.twice, 0);
    report.at_most("callbacks out of order", seen.out_of_order, 0);
    report.at_most("callbacks said to be missed", missed.load(Ordering::Relaxed), 0);
    registry.stop().await;
    Ok(())
}

/// Counts what the registry says was missed.
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

/// Which numbers have come.
struct Seen {
    which: Vec<bool>,
    twice: usize,
    out_of_order: usize,
    /// How often a connection was cut meanwhile.
    cuts: usize,
}

impl Seen {
    fn new(count: usize) -> Self {
        Self { which: vec![false; count], twice: 0, out_of_order: 0, cuts: 0 }
    }

    /// Counts until all have come, or nothing comes any more, and cuts a connection now and
    /// then.
    async fn count(&mut self, ticks: &mut mpsc::Receiver<Bytes>, proxy: &Proxy) -> Result<()> {
        let mut last = None;
        let apart = 2 * self.which.len() / CUTS;
        let mut left = fastrand::usize(1..=apart);
        while !self.which.last().copied().unwrap_or(true) {
            let Ok(Some(text)) = tokio::time::timeout(SILENCE, ticks.recv()).await else {
                return Ok(());
            };
            let number: usize = std::str::from_utf8(&text)?.parse()?;
            ensure!(number < self.which.len(), "{number} was never sent");
            self.out_of_order += usize::from(last.is_some_and(|last| number < last));
            self.twice += usize::from(std::mem::replace(&mut self.which[number], true));
            last = Some(number);
            left -= 1;
            if left == 0 {
                left = fastrand::usize(1..=apart);
                // Where the last cut has not been mended yet, the callbacks wait for it.
                self.cuts += usize::from(comes_true(SILENCE, || proxy.cut()).await);
            }
        }
        Ok(())
    }

    fn lost(&self) -> usize {
        self.which.iter().filter(|seen| !**seen).count()
    }
}

/// The plugin's process, which nobody's registry has started.
struct Ticker {
    process: Child,
    socket: std::path::PathBuf,
}

impl Ticker {
    async fn start(scene: &Scene) -> Result<Self> {
        let folder = scene.path("ticker");
        let mut command: Command = scene.role(TICKER)?;
        let process = command.arg(&folder).stdin(Stdio::null()).spawn()?;
        let ticker = Self { process, socket: folder.join("real.sock") };
        let published = |folder: &Path| folder.join("torture.Ticker.pconf").exists();
        let serves = comes_true(SILENCE, || published(&folder)).await;
        ensure!(serves, "the ticker does not serve");
        Ok(ticker)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
