//! The task that keeps a registry up to date with its folder.
//!
//! A scan compares the folder with what is known, and applies the differences. It does not matter
//! what happened in between. Scans are made when `watch` says that something may have changed, and
//! when somebody asks for a plugin that is not known yet.
//!
//! The reading is done on a thread of its own, and one scan at a time: a folder that never answers
//! holds one thread, and nobody who asks waits longer than [`limits::FOLDER_TIMEOUT`].

use std::pin::pin;
use std::sync::{Arc, Weak};

use tokio::sync::{mpsc, oneshot};

use super::directory::Directory;
use super::folder::{Contested, Folder};
use super::listing::{self, FolderScan};
use super::watch::Hints;
use crate::host::disk;
use crate::host::install::Installation;
use crate::host::looks::Row;
use crate::limits;
use crate::panic::catch_panic;
use crate::transport::{FileStamp, is_listening};

/// A request to scan the folder now; the sender is used when that is done.
pub(super) type ScanRequest = oneshot::Sender<()>;

/// Keeps one registry up to date with its folder.
pub(super) struct Scanner {
    directory: Weak<Directory>,
    folder: Arc<Folder>,
    hints: Arc<Hints>,
    /// Whether plugins that have changed are started.
    starts: bool,
    requests: mpsc::Receiver<ScanRequest>,
    /// Those who wait for the next scan.
    waiting: Vec<ScanRequest>,
}

/// The registry is gone.
struct Gone;

impl Scanner {
    pub(super) fn new(
        directory: &Arc<Directory>,
        folder: Folder,
        hints: Arc<Hints>,
        starts: bool,
        requests: mpsc::Receiver<ScanRequest>,
    ) -> Self {
        let (directory, folder) = (Arc::downgrade(directory), Arc::new(folder));
        Self { directory, folder, hints, starts, requests, waiting: Vec::new() }
    }

    /// Scans the folder whenever that is asked for, until the registry is gone.
    pub(super) async fn run(mut self) {
        while self.wait().await.is_ok() && self.answer().await.is_ok() {}
    }

    /// Makes a scan for those who wait for it.
    async fn answer(&mut self) -> Result<(), Gone> {
        let mut answered = std::mem::take(&mut self.waiting);
        match catch_panic(self.scan(&mut answered)).await {
            Ok(scanned) => scanned?,
            Err(panic) => self.reject_after_panic(&panic),
        }
        for request in answered {
            // The requester may be gone.
            let _ = request.send(());
        }
        Ok(())
    }

    /// Rejects the folder until the next scan: a panic has left this one unfinished.
    fn reject_after_panic(&self, panic: &str) {
        let Some(directory) = self.directory.upgrade() else { return };
        let reason = format!("looking into the folder panicked: {panic}");
        directory.reject_path(&directory.settings().folder, None, reason);
        self.hints.look_again_soon();
    }

    /// Waits until a scan is due.
    async fn wait(&mut self) -> Result<(), Gone> {
        if !self.waiting.is_empty() {
            return Ok(());
        }
        tokio::select! {
            request = self.requests.recv() => self.waiting.push(request.ok_or(Gone)?),
            () = self.hints.scan_due() => {}
        }
        Ok(())
    }

    /// Scans the folder once. Those who waited too long are taken from `answered`.
    async fn scan(&mut self, answered: &mut Vec<ScanRequest>) -> Result<(), Gone> {
        let scan = self.read(answered).await?;
        let directory = self.directory.upgrade().ok_or(Gone)?;
        if directory.is_closed() {
            return Err(Gone);
        }
        if scan.is_incomplete {
            self.hints.look_again_soon();
        }
        // The thread that has read has let go of it.
        if let Some(folder) = Arc::get_mut(&mut self.folder) {
            let contested = folder.apply(scan, &directory, self.starts).await;
            if !contested.is_empty() {
                self.settle(contested, &directory).await;
            }
        }
        Ok(())
    }

    /// Reads the folder. Those who wait longer than [`limits::FOLDER_TIMEOUT`] are answered, and the
    /// folder is rejected until it has been read.
    async fn read(&mut self, answered: &mut Vec<ScanRequest>) -> Result<FolderScan, Gone> {
        let directory = self.directory.upgrade().ok_or(Gone)?;
        let settings = Arc::clone(directory.settings());
        let folder = Arc::clone(&self.folder);
        let programs = Arc::clone(directory.programs());
        drop(directory);
        let scan = move || listing::scan(&settings, &*folder, programs.looks());
        let mut reading = pin!(disk::run(scan));
        let mut late = pin!(tokio::time::sleep(limits::FOLDER_TIMEOUT));
        let mut is_late = false;
        let read = loop {
            tokio::select! {
                read = &mut reading => break read,
                () = &mut late, if !is_late => {
                    is_late = true;
                    self.reject_silent_folder();
                    answered.clear();
                    self.waiting.clear();
                }
                request = self.requests.recv() => {
                    let request = request.ok_or(Gone)?;
                    self.waiting.retain(|waiting| !waiting.is_closed());
                    // Once the folder is known to be silent, nobody waits for it.
                    if !is_late {
                        self.waiting.push(request);
                    }
                }
            }
        };
        Ok(read.unwrap_or_else(|error| FolderScan {
            present: None,
            rejection: Some(listing::unreadable(&error)),
            changed: Vec::new(),
            is_incomplete: true,
        }))
    }

    fn reject_silent_folder(&self) {
        let Some(directory) = self.directory.upgrade() else { return };
        let reason = format!(
            "the folder cannot be read: its file system has not answered within {:?}",
            limits::FOLDER_TIMEOUT
        );
        let reason = self.folder.with_known(reason);
        directory.reject_path(&directory.settings().folder, None, reason);
    }

    /// Gives plugins to those of the contesting files that lead somewhere, if the files that the
    /// plugins belong to do not.
    async fn settle(&mut self, contested: Vec<Contested>, directory: &Arc<Directory>) {
        let mut rivals = Vec::new();
        for contested in contested {
            let owner = directory.get(contested.installation.id());
            let idle = owner.filter(|owner| owner.instance().is_none());
            if let Some(owner) = idle.and_then(|owner| owner.installation())
                && !owner.is_embedded()
            {
                rivals.push((owner, contested));
            }
        }
        if rivals.is_empty() {
            return;
        }
        let programs = Arc::clone(directory.programs());
        let settled = disk::run(move || {
            let mut looks = programs.looks().row();
            rivals.retain(|(owner, rival)| {
                leads_nowhere(owner, &mut looks) && !leads_nowhere(&rival.installation, &mut looks)
            });
            rivals
        });
        // Without a thread, every plugin keeps its file.
        let Ok(settled) = settled.await else { return };
        let Some(folder) = Arc::get_mut(&mut self.folder) else { return };
        for (_, rival) in settled {
            folder.take_over(rival, directory, self.starts);
        }
    }
}

/// Whether a file names a program that does not exist, or a socket on which nobody listens. What
/// cannot be found out leads somewhere. Blocks for a second at most.
fn leads_nowhere(installation: &Installation, looks: &mut Row<'_>) -> bool {
    let looked = installation.clone();
    looks.look(installation.path(), move || is_dead_end(&looked)).unwrap_or(false)
}

fn is_dead_end(installation: &Installation) -> bool {
    if let Some(program) = installation.program() {
        return FileStamp::at(&program).is_ok_and(|stamp| stamp.is_none());
    }
    installation.socket().is_ok_and(|socket| is_listening(&socket).is_ok_and(|listens| !listens))
}
