//! The folder that a host gets: a plugin with a script, and what its processes have written down.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

use super::good::{NAME, NAMESPACE, descriptor};
use super::orders::Orders;
use super::script::HostCase;
use crate::system::{command_line, create_folder, kill, real_path, temporary_folder};

/// How long the pauses between two looks at the processes are.
const PAUSE: Duration = Duration::from_millis(20);

/// The folder of a case. Dropping it kills the plugin's processes.
pub(super) struct Plugins {
    pub(super) folder: PathBuf,
    /// What a process is told, and what is in the command line of each.
    orders: PathBuf,
    journal: PathBuf,
    temp: TempDir,
}

impl Plugins {
    pub(super) fn new(case: &HostCase) -> io::Result<Self> {
        let temp = temporary_folder()?;
        let path = real_path(temp.path())?;
        let (folder, orders) = (path.join("plugins"), path.join("orders"));
        create_folder(&folder)?;
        let journal = path.join("journal");
        let mut descriptor = descriptor();
        for (key, value) in &case.script.descriptor {
            descriptor[key] = value.clone();
        }
        let mut keys = json!({
            "Name": NAME,
            "NameSpace": NAMESPACE,
            "Protocol": 2,
            "Version": "1.0.0",
            "Exec": [std::env::current_exe()?, "scripted-plugin", orders],
            "Methods": descriptor["methods"],
            "Callbacks": descriptor["callbacks"],
            "Needs": descriptor["needs"],
        });
        let written = Orders { script: case.script.clone(), journal: journal.clone(), descriptor };
        fs::write(&orders, serde_json::to_vec(&written)?)?;
        for (key, value) in &case.keys {
            keys[key] = value.clone();
        }
        // `null` in a case is no key at all.
        keys.as_object_mut().into_iter().for_each(|keys| keys.retain(|_, value| !value.is_null()));
        fs::write(folder.join("conformance.Probe.pconf"), keys.to_string())?;
        for (name, body) in &case.files {
            fs::write(folder.join(name), body.bytes().map_err(io::Error::other)?)?;
        }
        Ok(Self { folder, orders, journal, temp })
    }

    /// A folder for temporary files of the host.
    pub(super) fn temporary(&self) -> &Path {
        self.temp.path()
    }

    /// What has happened up to now.
    pub(super) fn journal(&self) -> Journal {
        Journal::read(&self.journal)
    }

    /// Waits until all processes of the plugin have ended.
    pub(super) async fn end(&self, patience: Duration) -> Result<(), String> {
        let end = Instant::now() + patience;
        while !self.alive().is_empty() {
            if Instant::now() > end {
                return Err("the plugin has outlived its host".into());
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// The processes that have not ended.
    fn alive(&self) -> Vec<u64> {
        let orders = self.orders.display().to_string();
        let is_alive =
            |process: &u64| command_line(*process).is_ok_and(|line| line.contains(&orders));
        let started = self.journal().started;
        let processes = started.iter().filter_map(|started| started["process"].as_u64());
        processes.filter(is_alive).collect()
    }
}

impl Drop for Plugins {
    fn drop(&mut self) {
        self.alive().into_iter().for_each(kill);
    }
}

/// What the processes of a plugin have written down.
pub(super) struct Journal {
    pub(super) started: Vec<Value>,
    pub(super) requests: Vec<Value>,
    /// To callbacks and calls of services.
    pub(super) replies: Vec<Value>,
    /// Why bytes of the host were no request.
    pub(super) faults: Vec<Value>,
}

impl Journal {
    fn read(file: &Path) -> Self {
        // There is no file before the first process.
        let text = fs::read_to_string(file).unwrap_or_default();
        // A process that was killed has left half a line, at the worst.
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let lines: Vec<_> = lines.collect();
        let of = |key: &str| lines.iter().filter_map(|line| line.get(key)).cloned().collect();
        Self {
            started: of("started"),
            requests: of("request"),
            replies: of("reply"),
            faults: of("fault"),
        }
    }
}
