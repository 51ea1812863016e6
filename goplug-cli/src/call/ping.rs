//! `goplug ping TARGET`: whether a plugin answers.

use std::time::Instant;

use serde_json::json;

use crate::arguments::Ping;
use crate::failure::{Outcome, Status};
use crate::opened::Opened;
use crate::output::Output;

pub(crate) async fn ping(options: &Ping, output: &Output) -> Outcome<Status> {
    Opened::with(&options.subject, output, async |opened| on(opened, options, output).await)
        .await?;
    Ok(Status::Success)
}

async fn on(opened: &Opened, options: &Ping, output: &Output) -> Outcome<()> {
    let plugin = opened.start().await?;
    let mut micros = Vec::new();
    for _ in 0..options.count {
        let began = Instant::now();
        plugin.ping("").await?;
        let taken = began.elapsed();
        if !output.is_json() {
            output.line(&format!("{} answered after {taken:.1?}", plugin.id()))?;
        }
        micros.push(taken.as_secs_f64() * 1e6);
    }
    if output.is_json() {
        let pid = plugin.process_id();
        output.document(
            &json!({ "plugin": plugin.id().to_string(), "pid": pid, "micros": micros }),
        )?;
    }
    Ok(())
}
