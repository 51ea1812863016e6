//! `goplug dev`.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process;
use std::time::SystemTime;

use tokio::time::Instant;

use super::build::{Built, build};
use super::changes::Changes;
use super::followed::Before;
use super::host::Host;
use super::serving::Serving;
use super::sources::Excluded;
use super::steps::Steps;
use crate::arguments::Dev;
use crate::failure::{Failure, Outcome, Status};
use crate::install::{self, install_for_development};
use crate::output::Output;
use crate::system::{Stamp, outputs_of, real_path, stamp, told_to_end};

/// Builds, installs and runs, and does the first two again on every save, until it is told to
/// end.
pub(crate) async fn dev(options: &Dev, output: &Output) -> Outcome<Status> {
    let mut cycle = Cycle::new(options, output)?;
    let ended = tokio::select! {
        ended = cycle.turn_on() => ended.map(|()| Status::Success),
        told = told_to_end() => match told {
            Ok(()) => Err(Failure::interrupted()),
            Err(error) => Err(error.into()),
        },
    };
    if let Some(host) = cycle.host.take() {
        host.end().await;
    }
    ended
}

struct Cycle<'a> {
    options: &'a Dev,
    steps: Steps<'a>,
    /// The folder of the plugins.
    folder: PathBuf,
    changes: Changes<'a>,
    host: Option<Host>,
    serving: Serving,
    /// The programs that are installed, as they were then.
    installed: BTreeMap<PathBuf, Stamp>,
    /// The other programs, as the last build has left them.
    others: BTreeMap<PathBuf, Stamp>,
}

impl<'a> Cycle<'a> {
    fn new(options: &'a Dev, output: &'a Output) -> Outcome<Self> {
        let steps = Steps::new(output);
        let folder = install::create(&options.folder.dir)?;
        // What is printed, also by the build and the host, would be the next save.
        let outputs = outputs_of(process::id()).into_iter().flatten().flatten();
        let files = made_in(options).into_iter().chain(outputs).collect();
        let excluded = Excluded { installed: folder.clone(), files };
        let mut changes = Changes::new(excluded, steps)?;
        let project = real_path(env::current_dir()?)?;
        changes.watch([&*project].into_iter(), SystemTime::now())?;
        Ok(Self {
            options,
            steps,
            folder,
            changes,
            host: None,
            serving: Serving::new(),
            installed: BTreeMap::new(),
            others: BTreeMap::new(),
        })
    }

    /// Goes on until something fails that no save mends.
    async fn turn_on(&mut self) -> Outcome<()> {
        loop {
            self.build_and_install().await?;
            self.wait_for_save().await?;
        }
    }

    async fn build_and_install(&mut self) -> Outcome<()> {
        let (step, began) = (self.steps.begin(), SystemTime::now());
        let Some(built) = self.build().await? else {
            return step.not_built(!self.installed.is_empty());
        };
        let end = Instant::now();
        step.built()?;
        self.changes.watch(built.sources.iter().map(PathBuf::as_path), began)?;
        let is_host_old = self.has_new_host(&built);
        if let Some(host) = self.host.take_if(|_| is_host_old) {
            self.steps.host_changed()?;
            host.end().await;
        }
        let before = Before::now();
        let has_all = self.install(&built, end, &before).await?;
        // What a host had before is there anyway.
        if self.host.is_none() && (has_all || is_host_old) {
            self.start_host(end, &before)?;
        }
        Ok(())
    }

    /// Builds, and says meanwhile what becomes of the plugins.
    async fn build(&mut self) -> Outcome<Option<Built>> {
        let mut building = pin!(build(self.options, self.steps.standard_output()));
        loop {
            tokio::select! {
                built = &mut building => return built,
                (plugin, news) = self.serving.news() => self.steps.news(&plugin, &news)?,
            }
        }
    }

    /// Whether the build has made a program again that the host runs.
    fn has_new_host(&mut self, built: &Built) -> bool {
        let mut is_new = false;
        for program in &built.others {
            let Ok(found) = stamp(program) else { continue };
            let before = self.others.insert(program.clone(), found);
            let has_changed = before.is_some_and(|before| before != found);
            is_new |= has_changed && self.host.as_ref().is_some_and(|host| host.runs(program));
        }
        is_new
    }

    /// Installs the programs that have changed. Returns whether all are installed; it says which are
    /// not.
    async fn install(&mut self, built: &Built, end: Instant, before: &Before) -> Outcome<bool> {
        let mut has_all = true;
        for program in &built.programs {
            let found = stamp(program).ok();
            if found.is_some() && self.installed.get(program) == found.as_ref() {
                continue;
            }
            let step = self.steps.begin();
            match install_for_development(program, &self.folder).await {
                Ok(file) => {
                    step.installed(&name(&file))?;
                    self.installed.extend(found.map(|found| (program.clone(), found)));
                    self.serving.installed(&file, end, before);
                }
                Err(failure) => {
                    has_all = false;
                    step.not_installed(&failure)?;
                }
            }
        }
        Ok(has_all)
    }

    fn start_host(&mut self, end: Instant, before: &Before) -> Outcome<()> {
        if let Some(line) = &self.options.run {
            self.host = Some(Host::start(line, self.steps.standard_output())?);
            self.steps.host_started(line)?;
            self.serving.host_started(end, before);
        }
        Ok(())
    }

    /// Waits for the next save. Says meanwhile what becomes of the plugins, and if the host ends: it is
    /// started again after the next build.
    async fn wait_for_save(&mut self) -> Outcome<()> {
        loop {
            let host_ended = async {
                match &mut self.host {
                    Some(host) => host.ended().await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = self.changes.saved() => return Ok(()),
                status = host_ended => {
                    self.steps.host_ended(status?)?;
                    self.host = None;
                }
                (plugin, news) = self.serving.news() => self.steps.news(&plugin, &news)?,
            }
        }
    }
}

/// The programs that `--build` makes, by the paths at which they are seen.
fn made_in(options: &Dev) -> BTreeSet<PathBuf> {
    let found = options.program.iter().filter_map(|program| {
        // It may not exist before the first build; its folder mostly does.
        let program = std::path::absolute(program).ok()?;
        let folder = program.parent()?;
        let folder = real_path(folder).unwrap_or_else(|_| folder.to_owned());
        Some(folder.join(program.file_name()?))
    });
    found.collect()
}

/// The plugin of a `.pconf`, by the file's name.
fn name(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
