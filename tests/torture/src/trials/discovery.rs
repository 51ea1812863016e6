//! A folder with a thousand files, of which many are broken: all of them are known or
//! rejected soon, and from then on the host sleeps.

use std::time::{Duration, Instant};

use anyhow::Result;
use goplug::{Event, Events};
use serde_json::json;

use crate::report::Report;
use crate::scene::{Scene, processor_time};

const FILES: usize = 1000;
const BROKEN: usize = 200;

/// By when all of them have to be known.
const KNOWN: Duration = Duration::from_secs(1);

/// By when the files that were just written are old.
const SETTLED: Duration = Duration::from_secs(5);

/// For how long the idle host is watched; several rounds of its slow timer.
const WATCHED: Duration = Duration::from_secs(10);

/// What an idle host may use in that time: a thousandth of one processor.
const IDLE: Duration = Duration::from_millis(10);

/// Without an event for this long, there will be no more.
const SILENCE: Duration = Duration::from_secs(20);

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let scene = Scene::new()?;
    for number in 0..FILES - BROKEN {
        scene.put(&format!("sound{number}.pconf"), sound(number))?;
    }
    for number in 0..BROKEN {
        scene.put(&format!("broken{number}.pconf"), broken(number))?;
    }
    let began = Instant::now();
    let registry = scene.registry().auto_discover(true).start().await?;
    let mut events = registry.events();
    let (discovered, rejected) = count(&mut events).await;
    let took = began.elapsed();

    report.at_least("plugins discovered", discovered, FILES - BROKEN);
    report.at_least("files rejected", rejected, BROKEN);
    report.time("until all of them were", took, KNOWN);
    // A folder that has just changed is still looked at more closely.
    tokio::time::sleep(SETTLED).await;
    let before = processor_time();
    tokio::time::sleep(WATCHED).await;
    report.time("processor time of the idle host in 10 s", processor_time() - before, IDLE);
    registry.stop().await;
    Ok(())
}

/// Counts until all files are known, or nothing is heard any more.
async fn count(events: &mut Events) -> (usize, usize) {
    let (mut discovered, mut rejected) = (0, 0);
    while discovered + rejected < FILES {
        match tokio::time::timeout(SILENCE, events.next()).await {
            Ok(Some(Event::Discovered { .. })) => discovered += 1,
            Ok(Some(Event::Rejected { .. })) => rejected += 1,
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    (discovered, rejected)
}

/// A plugin that is loaded when it is asked for.
fn sound(number: usize) -> String {
    json!({
        "Name": format!("Plugin{number}"),
        "NameSpace": "many",
        "LazyLoad": true,
        "Protocol": 2,
        "Exec": ["/bin/true"],
    })
    .to_string()
}

/// A file that cannot be used, each in another way.
fn broken(number: usize) -> String {
    match number % 4 {
        0 => String::new(),
        1 => "{\"Name\": ".into(),
        2 => json!({"NameSpace": "many", "Exec": ["/bin/true"]}).to_string(),
        _ => json!({"Name": format!("Alone{number}"), "NameSpace": "many"}).to_string(),
    }
}
