//! A real registry on a folder of its own.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::host::{Registry, RegistryBuilder, blocking};
use crate::transport::{exit_text, on_thread};

/// A registry on a temporary folder, which is removed with it.
///
/// An integration test of a plugin's package gets the plugin's program from Cargo:
///
/// ```no_run
/// # #[goplug::plugin]
/// # pub struct Calculator;
/// # #[goplug::method(Calculator)]
/// # pub fn add(a: i64, b: i64) -> i64 { a + b }
/// # macro_rules! env { ($name:literal) => { $name } }
/// # async fn example() -> goplug::Result<()> {
/// let program = env!("CARGO_BIN_EXE_calculator");
/// let registry = goplug::testing::registry().install(program).start().await?;
/// let calculator: CalculatorClient = registry.client().await?;
/// assert_eq!(calculator.add(2, 3).await?, 5);
/// registry.stop().await?;
/// # Ok(())
/// # }
/// ```
pub fn registry() -> TestRegistryBuilder {
    let folder = tempfile::Builder::new().prefix("goplug-test-").tempdir();
    let path = folder.as_ref().map_or_else(|_| PathBuf::new(), |folder| folder.path().into());
    TestRegistryBuilder { folder, builder: Registry::builder(path), programs: Vec::new() }
}

/// Describes the registry of a test; see [`registry`].
#[derive(Debug)]
#[must_use]
pub struct TestRegistryBuilder {
    folder: io::Result<TempDir>,
    builder: RegistryBuilder,
    programs: Vec<PathBuf>,
}

impl TestRegistryBuilder {
    /// Installs a plugin by its program, which is run as `PROGRAM install FOLDER` when the registry
    /// starts.
    pub fn install(mut self, program: impl Into<PathBuf>) -> Self {
        self.programs.push(program.into());
        self
    }

    /// Changes the registry's builder: policies, configurations, embedded plugins.
    pub fn with(mut self, change: impl FnOnce(RegistryBuilder) -> RegistryBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Starts the registry.
    ///
    /// # Errors
    /// As [`RegistryBuilder::start`]; [`Error::Rejected`] with what a program says that does not install
    /// its plugin; [`Error::Io`] if there is no temporary folder.
    pub async fn start(self) -> Result<TestRegistry> {
        let Self { folder, builder, programs } = self;
        let work = move || installed(folder, &programs);
        let folder = on_thread(work).await.map_err(|error| Error::io("installing", error))??;
        Ok(TestRegistry { registry: builder.start().await?, folder })
    }

    /// Starts a blocking registry.
    ///
    /// # Errors
    /// As [`start`](Self::start), and as [`RegistryBuilder::start_blocking`].
    pub fn start_blocking(self) -> Result<TestRegistry<blocking::Registry>> {
        let folder = installed(self.folder, &self.programs)?;
        Ok(TestRegistry { registry: self.builder.start_blocking()?, folder })
    }
}

/// The folder, with a `.pconf` of each program.
fn installed(folder: io::Result<TempDir>, programs: &[PathBuf]) -> Result<TempDir> {
    let folder = folder.map_err(|error| Error::io("a temporary folder", error))?;
    for program in programs {
        let output = Command::new(program).arg("install").arg(folder.path()).output();
        let output = output.map_err(|error| Error::io(program.display().to_string(), error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let status = exit_text(output.status);
            let reason = format!("it installs no plugin ({status}): {}", said.trim());
            return Err(Error::Rejected { path: program.clone(), reason });
        }
    }
    Ok(folder)
}

/// A registry with its temporary folder; see [`registry`]. Dropping it removes the folder, and ends
/// everything that the registry has started. [`stop`](Registry::stop) does so gracefully.
pub struct TestRegistry<R = Registry> {
    // The order matters: the registry is dropped before its folder.
    registry: R,
    folder: TempDir,
}

impl<R> TestRegistry<R> {
    /// The folder of the plugins.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl<R> Deref for TestRegistry<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.registry
    }
}

impl<R: fmt::Debug> fmt::Debug for TestRegistry<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRegistry")
            .field("registry", &self.registry)
            .field("folder", &self.folder.path())
            .finish()
    }
}
