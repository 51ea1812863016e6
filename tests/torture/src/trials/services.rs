//! Services of the host: side by side, taken back, and in a circle.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Scale;
use crate::asker::{Asker, AskerClient, Sage};
use crate::report::Report;
use crate::test_env::{TestEnv, wait_until};

/// How many services are asked at once, and how long each takes.
const AT_ONCE: u64 = 20;
const EACH: Duration = Duration::from_millis(100);

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    let sage = Sage::default();
    let registry = env.registry().embed::<Asker>().provide(sage.clone()).start().await?;
    let asker: AskerClient = registry.client().await?;
    drop(sage.asker.set(asker.clone()));

    let began = Instant::now();
    let right = asker.ask_at_once(AT_ONCE, EACH.as_millis() as u64).await?;
    report.time("20 services of 100 ms side by side", began.elapsed(), 3 * EACH);
    report.at_least("right answers of them", right as usize, AT_ONCE as usize);
    let many = scale.pick(10_000, 1_000);
    report.at_least(
        "right answers of many at once",
        asker.ask_at_once(many, 1).await? as usize,
        many as usize,
    );

    let given_up = scale.pick(1_000, 100);
    asker.give_up(given_up).await?;
    let ended = wait_until(Duration::from_secs(5), || sage.waiting.load(Ordering::SeqCst) == 0);
    report.at_most("services that run after they were given up", usize::from(!ended.await), 0);

    let began = Instant::now();
    let error = asker.circle().await.err().map(|error| format!("{error:#}")).unwrap_or_default();
    report.time("until a circle of calls ends", began.elapsed(), Duration::from_secs(5));
    let shown = error.matches("torture.Asker/circle > Oracle/again").count();
    report.at_least("times that its error names the circle", shown, 10);

    note_ratio(&asker, scale.pick(20_000, 2_000), report).await?;
    registry.stop().await?;
    Ok(())
}

/// Notes how long a service takes beside a call.
async fn note_ratio(asker: &AskerClient, count: u64, report: &Report) -> Result<()> {
    let began = Instant::now();
    for number in 0..count {
        asker.same(number).await?;
    }
    let calls = began.elapsed();
    let began = Instant::now();
    asker.ask_in_turn(count).await?;
    let services = began.elapsed();
    let ratio = services.as_secs_f64() / calls.as_secs_f64();
    report.note("a call, in µs", format!("{:.1}", calls.as_secs_f64() * 1e6 / count as f64));
    report.note("a service call, in calls", format!("{ratio:.2}"));
    Ok(())
}
