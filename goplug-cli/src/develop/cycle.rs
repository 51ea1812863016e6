//! `goplug dev`.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::build::{Built, build};
use super::changes::Changes;
use super::host::Host;
use super::sources::Excluded;
use super::steps::Step;
use crate::arguments::Dev;
use crate::failure::{Failure, Outcome, Status};
use crate::install::install_for_development;
use crate::output::Output;
use crate::system::{Stamp, create_folder, stamp};

/// Builds, installs and runs, and does the first two again on every save, until Ctrl-C.
pub(crate) async fn dev(options: &Dev, output: &Output) -> Outcome<Status> {
    let mut cycle = Cycle::new(options, output)?;
    let ended = tokio::select! {
        ended = cycle.turn_on() => ended.map(|()| Status::Success),
        interrupt = tokio::signal::ctrl_c() => match interrupt {
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
    output: &'a Output,
    /// The folder of the plugins.
    folder: PathBuf,
    changes: Changes<'a>,
    host: Option<Host>,
    /// The programs that are installed, as they were then.
    installed: BTreeMap<PathBuf, Stamp>,
}

impl<'a> Cycle<'a> {
    fn new(options: &'a Dev, output: &'a Output) -> Outcome<Self> {
        let dir = &options.folder.dir;
        let about =
            |error: std::io::Error| Failure::unreachable(format!("{}: {error}", dir.display()));
        create_folder(dir).map_err(about)?;
        let folder = fs::canonicalize(dir).map_err(about)?;
        let excluded = Excluded { installed: folder.clone(), programs: made_in(options) };
        let mut changes = Changes::new(excluded, output)?;
        let project = fs::canonicalize(env::current_dir()?)?;
        changes.watch([&*project].into_iter(), SystemTime::now())?;
        Ok(Self { options, output, folder, changes, host: None, installed: BTreeMap::new() })
    }

    /// Goes on until something fails that no save mends.
    async fn turn_on(&mut self) -> Outcome<()> {
        loop {
            self.build_and_install().await?;
            self.wait_for_save().await?;
        }
    }

    async fn build_and_install(&mut self) -> Outcome<()> {
        let (step, began) = (Step::begin(self.output), SystemTime::now());
        let Some(built) = build(self.options).await? else {
            step.fail(match self.installed.is_empty() {
                true => "the build failed",
                false => "the build failed; the plugins that are installed stay",
            });
            return Ok(());
        };
        step.end("built");
        self.changes.watch(built.sources.iter().map(PathBuf::as_path), began)?;
        let has_all = self.install(&built).await;
        if has_all && self.host.is_none() {
            self.start_host()?;
        }
        Ok(())
    }

    /// Installs the programs that have changed. Returns whether all are installed; it says which are
    /// not.
    async fn install(&mut self, built: &Built) -> bool {
        let mut has_all = true;
        for program in &built.programs {
            let found = stamp(program).ok();
            if found.is_some() && self.installed.get(program) == found.as_ref() {
                continue;
            }
            let step = Step::begin(self.output);
            match install_for_development(program, &self.folder).await {
                Ok(file) => {
                    step.end(&format!("installed {}", name(&file)));
                    self.installed.extend(found.map(|found| (program.clone(), found)));
                }
                Err(failure) => {
                    has_all = false;
                    step.fail(&failure.line());
                }
            }
        }
        has_all
    }

    fn start_host(&mut self) -> Outcome<()> {
        if let Some(line) = &self.options.run {
            self.host = Some(Host::start(line)?);
            self.output.note(&format!("dev: runs {line}"));
        }
        Ok(())
    }

    /// Waits for the next save. Says if the host ends meanwhile: it is started again after the next
    /// build.
    async fn wait_for_save(&mut self) -> Outcome<()> {
        while let Some(host) = &mut self.host {
            tokio::select! {
                () = self.changes.saved() => return Ok(()),
                ended = host.ended() => {
                    let status = ended?;
                    self.host = None;
                    self.output.note(&format!(
                        "dev: the host has ended ({status}); it is started again after the next save"
                    ));
                }
            }
        }
        self.changes.saved().await;
        Ok(())
    }
}

/// The programs that `--build` makes, by the paths at which they are seen.
fn made_in(options: &Dev) -> BTreeSet<PathBuf> {
    let found = options.program.iter().filter_map(|program| {
        // It may not exist before the first build; its folder mostly does.
        let program = std::path::absolute(program).ok()?;
        let folder = program.parent()?;
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        Some(folder.join(program.file_name()?))
    });
    found.collect()
}

/// The plugin of a `.pconf`, by the file's name.
fn name(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
