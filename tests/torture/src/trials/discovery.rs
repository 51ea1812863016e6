//! A folder with a thousand files, many of them broken: each is discovered or rejected soon,
//! and from then on the host is idle.

use std::time::{Duration, Instant};

use anyhow::Result;
use goplug::{Event, Events};
use serde_json::json;

use crate::report::Report;
use crate::test_env::{TestEnv, processor_time};

const FILES: usize = 1000;
const BROKEN: usize = 200;

/// How long it may take until every file is discovered or rejected.
const DISCOVERY_BOUND: Duration = Duration::from_secs(1);

/// The time after which a registry no longer treats the files as just written.
const SETTLE_TIME: Duration = Duration::from_secs(5);

/// How long the idle host is measured: several rounds of its slow timer.
const IDLE_TIME: Duration = Duration::from_secs(10);

/// How much processor time an idle host may use meanwhile: a thousandth of one processor.
const IDLE_BOUND: Duration = Duration::from_millis(10);

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
    // A folder that has just changed is scanned more often.
    tokio::time::sleep(SETTLE_TIME).await;
    let before = processor_time();
    tokio::time::sleep(IDLE_TIME).await;
    report.time("processor time of the idle host in 10 s", processor_time() - before, IDLE_BOUND);
    registry.stop().await;
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
