//! A folder with a thousand files, many of them broken: each is discovered or rejected soon,
//! and from then on the host, with some plugins that run, is idle.

use std::time::{Duration, Instant};

use anyhow::Result;
use goplug::{Event, Events, limits};
use serde_json::json;

use crate::report::Report;
use crate::roles::IDLER;
use crate::test_env::{TestEnv, wait_until};

const FILES: usize = 1000;
const BROKEN: usize = 200;

/// How long it may take until every file is discovered or rejected.
const DISCOVERY_BOUND: Duration = Duration::from_secs(1);

/// The time after which a registry no longer treats the files as just written, and the deadlines of
/// the last starts are over.
const SETTLE_TIME: Duration = Duration::from_secs(limits::START_TIMEOUT.as_secs() + 2);

/// How long the idle host is measured: several rounds of its slow timer.
const IDLE_TIME: Duration = Duration::from_secs(20);

/// How many of the plugins run meanwhile.
const RUNNING: usize = 4;

/// How often all threads of an idle host may wake up meanwhile: once a second. The load of the
/// machine does not change that.
const WAKE_UP_BOUND: usize = 20;

/// How much processor time an idle host may use meanwhile: a thousandth of one processor.
const IDLE_BOUND: Duration = Duration::from_millis(20);

/// The count ends after this time without an event.
const EVENT_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    for number in 0..FILES - BROKEN {
        env.put(&format!("valid{number}.pconf"), valid(number))?;
    }
    for number in 0..BROKEN {
        env.put(&format!("broken{number}.pconf"), broken(number))?;
    }
    let began = Instant::now();
    let registry = env.registry().auto_discover(true).start().await?;
    let mut events = registry.events();
    let (discovered, rejected) = count(&mut events).await;
    let took = began.elapsed();

    report.at_least("plugins discovered", discovered, FILES - BROKEN);
    report.at_least("files rejected", rejected, BROKEN);
    report.time("until all of them were", took, DISCOVERY_BOUND);
    let mut idlers = Vec::new();
    for number in 0..RUNNING {
        let name = format!("Idler{number}");
        let mut idler = env.role(IDLER)?;
        idlers.push(idler.arg(&name).current_dir(env.folder()).spawn()?);
        wait_until(EVENT_TIMEOUT, || registry.is_discovered(&name, "many")).await;
        registry.load(&name, "many").await?;
    }
    // A folder that has just changed is scanned more often.
    tokio::time::sleep(SETTLE_TIME).await;
    let (time, count) = (processor_time(), wake_ups()?);
    tokio::time::sleep(IDLE_TIME).await;
    let (time, count) = (processor_time() - time, wake_ups()?.saturating_sub(count));
    report.at_most("wake-ups of the idle host in 20 s", count, WAKE_UP_BOUND);
    report.time("processor time of the idle host in 20 s", time, IDLE_BOUND);
    registry.stop().await?;
    for mut idler in idlers {
        idler.kill()?;
        idler.wait()?;
    }
    Ok(())
}

/// Counts events until every file is discovered or rejected, or there are no more events.
async fn count(events: &mut Events) -> (usize, usize) {
    let (mut discovered, mut rejected) = (0, 0);
    while discovered + rejected < FILES {
        match tokio::time::timeout(EVENT_TIMEOUT, events.next()).await {
            Ok(Some(Event::Discovered { .. })) => discovered += 1,
            Ok(Some(Event::Rejected { .. })) => rejected += 1,
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    (discovered, rejected)
}

/// A plugin that is loaded lazily.
fn valid(number: usize) -> String {
    json!({
        "Name": format!("Plugin{number}"),
        "NameSpace": "many",
        "LazyLoad": true,
        "Protocol": 2,
        "Exec": ["/bin/true"],
    })
    .to_string()
}

/// A file that is rejected, for one of four reasons.
fn broken(number: usize) -> String {
    match number % 4 {
        0 => String::new(),
        1 => "{\"Name\": ".into(),
        2 => json!({"NameSpace": "many", "Exec": ["/bin/true"]}).to_string(),
        _ => json!({"Name": format!("Alone{number}"), "NameSpace": "many"}).to_string(),
    }
}

/// The processor time that this process has used.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// How often the threads of this process have waited for something, and so have been woken.
fn wake_ups() -> Result<usize> {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        // A thread may have ended meanwhile.
        let status = std::fs::read_to_string(task?.path().join("status")).unwrap_or_default();
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sum += count.and_then(|count| count.trim().parse::<usize>().ok()).unwrap_or_default();
    }
    Ok(sum)
}
