//! The task that keeps a registry up to date with its folder.
//!
//! A scan compares the folder with what is known, and the programs that run with the files in
//! their place, and applies the differences. It does not matter what happened in between. Scans
//! are made on every file event, regularly by a slow timer, and when somebody asks for a plugin
//! that is not known yet.
//!
//! The timer costs an idle host next to nothing. Most of its scans check only the folder itself,
//! which shows files that are added, removed or replaced. Every few scans each file is checked as
//! well, which finds a file that was changed in place and whose event got lost.

use std::sync::{Arc, Weak};

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Interval};

use super::directory::Directory;
use super::folder::{Folder, ScanDepth};
use super::watch::FolderWatch;
use crate::limits;

/// A request to scan the folder now; the sender is used when that is done.
pub(super) type ScanRequest = oneshot::Sender<()>;

/// Why the folder is scanned.
enum Trigger {
    Request(ScanRequest),
    FileEvent,
    Timer,
}

/// Keeps the registry up to date until it is gone. Without a `watch`, scans only on request, and
/// starts no plugins.
pub(super) async fn run(
    mut folder: Folder,
    directory: Weak<Directory>,
    mut requests: mpsc::Receiver<ScanRequest>,
    mut watch: Option<FolderWatch>,
) {
    let mut timer = tokio::time::interval(limits::RECONCILE_INTERVAL);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    timer.tick().await;
    let mut last_full_scan = Instant::now();
    while let Some(trigger) = next_trigger(&mut requests, watch.as_ref(), &mut timer).await {
        let Some(directory) = directory.upgrade() else { return };
        if directory.is_closed() {
            return;
        }
        let is_timer = matches!(trigger, Trigger::Timer);
        if let Some(watch) = &mut watch {
            watch.update(is_timer);
        }
        let depth = if is_timer && last_full_scan.elapsed() < limits::RECONCILE_FILES_INTERVAL {
            ScanDepth::Folder
        } else {
            last_full_scan = Instant::now();
            ScanDepth::Files
        };
        folder = scan(folder, &directory, depth, watch.is_some()).await;
        if let Trigger::Request(done) = trigger {
            // The requester may be gone.
            let _ = done.send(());
        }
    }
}

/// Waits until a scan is due; `None` once the registry is gone.
async fn next_trigger(
    requests: &mut mpsc::Receiver<ScanRequest>,
    watch: Option<&FolderWatch>,
    timer: &mut Interval,
) -> Option<Trigger> {
    tokio::select! {
        request = requests.recv() => request.map(Trigger::Request),
        () = changed(watch) => {
            tokio::time::sleep(limits::FILE_EVENT_DEBOUNCE).await;
            Some(Trigger::FileEvent)
        }
        _ = timer.tick(), if watch.is_some() => Some(Trigger::Timer),
    }
}

async fn changed(watch: Option<&FolderWatch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

/// Scans the folder once. With `start`, plugins that have changed are started, and running plugins
/// whose program has changed are upgraded.
async fn scan(folder: Folder, directory: &Arc<Directory>, depth: ScanDepth, start: bool) -> Folder {
    let settings = Arc::clone(directory.settings());
    let running = if start { directory.running() } else { Vec::new() };
    let reading = tokio::task::spawn_blocking(move || {
        let scan = folder.read(&settings, depth);
        let mut outdated = running;
        outdated.retain(|(_, instance)| instance.newer_program().is_some());
        (folder, scan, outdated)
    });
    // The closure neither panics nor is aborted. If it did, all files would be read again.
    let Ok((mut folder, scan, outdated)) = reading.await else { return Folder::default() };
    if let Some(scan) = scan {
        folder.apply(scan, directory, start).await;
    }
    for (plugin, _) in outdated {
        plugin.recheck_content();
    }
    folder
}
