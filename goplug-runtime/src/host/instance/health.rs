//! The health checks of an instance: a ping at every interval.

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::shared::Instance;
use crate::host::connection::Admission;
use crate::host::policy::HealthCheck;
use crate::http1::Request;
use crate::protocol::wire;

/// Checks the health of an instance until the check fails, and returns the reason, for people.
pub(super) async fn check_until_failure(instance: &Instance, check: HealthCheck) -> String {
    let HealthCheck { interval, timeout, failures } = check;
    let mut ticks = interval_at(Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failed = 0;
    while failed < failures {
        ticks.tick().await;
        let ping = Request::new(wire::PING, b"");
        failed = match instance
            .endpoint()
            .send(&ping, Instant::now() + timeout, Admission::Control, || false)
            .await
        {
            Ok(response) if response.status == 200 => 0,
            _ => failed + 1,
        };
    }
    format!("{failures} health checks in a row failed")
}
