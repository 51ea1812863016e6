//! Streams over connections that are cut at random, both ways: none that is short is taken for whole,
//! no producer outlives its consumer, and a slow reader costs no memory.

use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use goplug::{ResultStream, Stream};
use serde_json::json;
use tokio::time::sleep;

use super::Scale;
use crate::proxy::Proxy;
use crate::report::Report;
use crate::roles::STREAMER;
use crate::test_env::{TestEnv, resident_memory, resident_memory_of, socket_in, wait_until};
use crate::victim::VictimClient;

/// How many items a stream has: more than sockets hold.
const ITEMS: u64 = 50_000;

/// How long something may take that is not measured.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long after its consumer a producer may live.
const AFTERLIFE: Duration = Duration::from_secs(1);

/// How many consumers go away at a time.
const CONSUMERS: usize = 50;

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    let streamer = Streamer::start(&env).await?;
    let front = env.socket("front.sock");
    let proxy = Arc::new(Proxy::start(&front, streamer.socket.clone())?);
    let pconf = json!({"Name": "Victim", "NameSpace": "torture", "Protocol": 2, "Sock": front});
    env.put("torture.Victim.pconf", pconf.to_string())?;
    let registry = env.registry().start().await?;
    let victim: VictimClient = registry.load("Victim", "torture").await?.client()?;

    let count = scale.pick(1_000, 50);
    let mut seen = Seen::default();
    for _ in 0..count {
        seen.read(open(&victim, ITEMS).await?, &proxy).await?;
    }
    report.note("streams", count);
    report.at_least("streams cut off", seen.cut_off, count / 10);
    report.at_most("short streams taken for whole", seen.short, 0);
    report.at_most("items lost, twice or out of order", seen.misplaced, 0);

    incoming(&victim, &proxy, count, report).await?;
    prompt_ends(&victim, report).await?;
    abandoned(&victim, report).await?;
    slow_reader(&victim, &streamer, report).await?;
    registry.stop().await?;
    Ok(())
}

/// Opens a stream; connections are cut meanwhile, so that may take more than one call.
async fn open(victim: &VictimClient, items: u64) -> Result<ResultStream<u64>> {
    let since = Instant::now();
    loop {
        match victim.count(items).await {
            Ok(stream) => return Ok(stream),
            Err(error) => ensure!(since.elapsed() < PATIENCE, "{error}"),
        }
    }
}

/// Reads an item of a stream without end.
async fn pass_item(stream: &mut ResultStream<u64>) -> Result<()> {
    let item = tokio::time::timeout(PATIENCE, stream.next()).await?;
    ensure!(matches!(item, Some(Ok(_))), "a stream without end has ended: {item:?}");
    Ok(())
}

/// Streams of arguments, of which each is cut at a random item: the plugin counts those that it has
/// taken for whole and that are short.
async fn incoming(
    victim: &VictimClient,
    proxy: &Arc<Proxy>,
    count: usize,
    report: &mut Report,
) -> Result<()> {
    let mut failed = 0;
    for _ in 0..count {
        let (proxy, cut) = (Arc::clone(proxy), fastrand::u64(..2 * ITEMS));
        let numbers = Numbers { next: 0, cut, proxy };
        // One that is cut before it has begun fails as well.
        match tokio::time::timeout(PATIENCE, victim.take_all(ITEMS, numbers)).await? {
            Ok(taken) => ensure!(taken == ITEMS, "{taken} of {ITEMS} items are a whole stream"),
            Err(_) => failed += 1,
        }
    }
    let (short, misplaced) = victim.taken().await?;
    report.at_least("streamed arguments cut off", failed, count / 10);
    report.at_most("short streamed arguments taken for whole", short, 0);
    report.at_most("their items lost, twice or out of order", misplaced, 0);
    Ok(())
}

/// The numbers of a stream, which cuts its connection at one of them.
struct Numbers {
    next: u64,
    cut: u64,
    proxy: Arc<Proxy>,
}

impl Stream for Numbers {
    type Item = u64;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u64>> {
        if self.next == ITEMS {
            return Poll::Ready(None);
        }
        if self.next == self.cut {
            self.proxy.cut();
        }
        self.next += 1;
        Poll::Ready(Some(self.next - 1))
    }
}

/// What has become of the streams.
#[derive(Default)]
struct Seen {
    cut_off: usize,
    short: usize,
    misplaced: usize,
}

impl Seen {
    /// Reads a stream to its end, and cuts a connection at a random item.
    async fn read(&mut self, mut stream: ResultStream<u64>, proxy: &Proxy) -> Result<()> {
        let (mut expected, cut) = (0, fastrand::u64(..ITEMS / 2));
        loop {
            if expected == cut {
                proxy.cut();
            }
            match tokio::time::timeout(PATIENCE, stream.next()).await? {
                Some(Ok(number)) => {
                    self.misplaced += usize::from(number != expected);
                    expected += 1;
                }
                Some(Err(_)) => {
                    self.cut_off += 1;
                    return Ok(());
                }
                None => {
                    self.short += usize::from(expected != ITEMS);
                    return Ok(());
                }
            }
        }
    }
}

/// How long after its caller has dropped it a stream ends in the plugin, by the median.
async fn prompt_ends(victim: &VictimClient, report: &mut Report) -> Result<()> {
    let (mut results, mut arguments) = (Vec::new(), Vec::new());
    for _ in 0..CONSUMERS {
        let mut stream = open(victim, u64::MAX).await?;
        pass_item(&mut stream).await?;
        let dropped = Instant::now();
        drop(stream);
        results.push(until_none(victim, dropped).await?);
        let (holding, silence) = (victim.clone(), Silence);
        let call = tokio::spawn(async move { holding.hold(silence).await });
        let since = Instant::now();
        while victim.streams().await? == 0 {
            ensure!(since.elapsed() < PATIENCE, "the call does not begin");
        }
        let dropped = Instant::now();
        call.abort();
        arguments.push(until_none(victim, dropped).await?);
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let bound = Duration::from_millis(10);
    report.time("a dropped result ends its producer after", median(results), bound);
    report.time("a dropped call ends the method that reads after", median(arguments), bound);
    Ok(())
}

/// Waits until the plugin has no stream, and returns how long that took.
async fn until_none(victim: &VictimClient, since: Instant) -> Result<Duration> {
    while victim.streams().await? > 0 {
        ensure!(since.elapsed() < PATIENCE, "a stream does not end");
    }
    Ok(since.elapsed())
}

/// A stream that never has an item.
struct Silence;

impl Stream for Silence {
    type Item = u64;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u64>> {
        Poll::Pending
    }
}

/// Consumers that go away, each after some items.
async fn abandoned(victim: &VictimClient, report: &mut Report) -> Result<()> {
    let mut streams = Vec::new();
    for _ in 0..CONSUMERS {
        let mut stream = open(victim, u64::MAX).await?;
        for _ in 0..fastrand::usize(1..2_000) {
            pass_item(&mut stream).await?;
        }
        streams.push(stream);
    }
    let alive = victim.streams().await?;
    ensure!(alive == CONSUMERS, "{alive} of {CONSUMERS} streams are alive");
    drop(streams);
    sleep(AFTERLIFE).await;
    let alive = victim.streams().await?;
    report.at_most("producers alive 1 s after their consumers", alive, 0);
    Ok(())
}

/// A producer without end, and a reader of a thousand items a second.
async fn slow_reader(
    victim: &VictimClient,
    streamer: &Streamer,
    report: &mut Report,
) -> Result<()> {
    let mut stream = open(victim, u64::MAX).await?;
    let (mut at_first, began) = (None, Instant::now());
    while began.elapsed() < Duration::from_secs(3) {
        pass_item(&mut stream).await?;
        sleep(Duration::from_millis(1)).await;
        if began.elapsed() > Duration::from_millis(500) && at_first.is_none() {
            at_first = Some((resident_memory_of(streamer.process.id())?, resident_memory()?));
        }
    }
    let (plugin, host) = at_first.unwrap_or_default();
    let plugin = resident_memory_of(streamer.process.id())? - plugin;
    report.memory("growth of the plugin with a slow reader", plugin, 1 << 10);
    report.memory("growth of the host", resident_memory()? - host, 1 << 10);
    Ok(())
}

/// The process of the plugin, which no registry started.
struct Streamer {
    process: Child,
    socket: PathBuf,
}

impl Streamer {
    async fn start(env: &TestEnv) -> Result<Self> {
        let folder = env.path("streamer");
        let process = env.role(STREAMER)?.arg(&folder).stdin(Stdio::null()).spawn()?;
        let mut streamer = Self { process, socket: PathBuf::new() };
        let published = folder.join("torture.Victim.pconf");
        let serves = wait_until(PATIENCE, || published.exists()).await;
        ensure!(serves, "the streamer does not serve");
        streamer.socket = socket_in(&published)?;
        Ok(streamer)
    }
}

impl Drop for Streamer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
