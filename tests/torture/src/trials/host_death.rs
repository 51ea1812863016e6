//! A host is killed at a random moment: its plugins end with it, and the next
//! host removes the folders of sockets that it left.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::Scale;
use crate::report::Report;
use crate::roles::{HOST, NEXT_HOST};
use crate::test_env::{TestEnv, count_entries, kill, wait_until};

/// The delay before the kill, in microseconds: from the start of the process to the middle of
/// calls, reloads and callbacks. Processes start more slowly on Windows, and above all under wine.
const KILL_DELAY: std::ops::Range<u64> = 0..if cfg!(windows) { 2_000_000 } else { 80_000 };

/// How long a plugin may outlive its host.
const EXIT_BOUND: Duration = Duration::from_secs(1);

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    let temporary = env.path("tmp");
    std::fs::create_dir(&temporary)?;
    let role = |role: &str| {
        let mut command = env.role(role)?;
        command.arg(env.folder()).env("TMPDIR", &temporary).stderr(Stdio::null());
        anyhow::Ok(command)
    };
    let kills = scale.pick(1000, 50);
    let (mut alive, mut with_plugin) = (0, 0);
    for _ in 0..kills {
        let mut host = role(HOST)?.spawn()?;
        tokio::time::sleep(Duration::from_micros(fastrand::u64(KILL_DELAY))).await;
        with_plugin += usize::from(env.processes().len() > 1);
        host.kill()?;
        host.wait()?;
        if !wait_until(EXIT_BOUND, || env.processes().is_empty()).await {
            let left = env.processes();
            alive += left.len();
            left.into_iter().for_each(kill);
        }
    }
    let left = count_entries(&temporary, "goplug-")?;
    ensure!(role(NEXT_HOST)?.status()?.success(), "the next host did not work");
    report.note("hosts killed", kills);
    report.note("of these with a plugin that ran", with_plugin);
    report.at_most("plugins alive 1 s after their host was killed", alive, 0);
    report.note("folders of sockets left by the killed", left);
    report.at_most(
        "of these still there after the next start",
        count_entries(&temporary, "goplug-")?,
        0,
    );
    Ok(())
}
