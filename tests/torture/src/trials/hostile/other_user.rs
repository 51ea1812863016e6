//! Another user of the machine, whom only root can play, and what that user may write.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use goplug::RegistryBuilder;
use goplug_tests::system::access_list;
pub(super) use goplug_tests::system::access_list::List;
use serde_json::{Value, json};

use super::Outcome;
use crate::test_env::TestEnv;

/// The id of the user `nobody`.
pub(super) const NOBODY: u32 = 65_534;

/// Whether this process can run programs as another user.
pub(super) fn can_be_played() -> bool {
    let run = || Command::new("/bin/true").uid(NOBODY).gid(NOBODY).status();
    rustix::process::geteuid().is_root() && run().is_ok_and(|status| status.success())
}

/// A folder with a plugin whose files the other user tries to write.
pub(super) struct Scene {
    env: TestEnv,
}

impl Scene {
    pub(super) fn new() -> Result<Self> {
        let env = TestEnv::new()?;
        set_mode(&env.path(""), 0o755)?;
        let scene = Self { env };
        // To it, code that runs adds a file.
        std::fs::create_dir(scene.path("marks"))?;
        Ok(scene)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.env.path(name)
    }

    /// A path in the folder of the plugins.
    pub(super) fn installed(&self, name: &str) -> PathBuf {
        self.env.folder().join(name)
    }

    /// Writes a file below this scene's folder.
    pub(super) fn put(&self, name: &str, text: &str, mode: u32) -> Result<PathBuf> {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        std::fs::write(&path, text)?;
        set_mode(&path, mode)?;
        Ok(path)
    }

    /// A `.pconf` that runs this command.
    pub(super) fn conf(exec: &[&str]) -> Value {
        json!({"Name": "Theirs", "Protocol": 2, "LazyLoad": true, "Exec": exec})
    }

    /// Installs a plugin that runs this command.
    pub(super) fn install(&self, exec: &[&str]) -> Result<PathBuf> {
        self.put("plugins/Theirs.pconf", &Self::conf(exec).to_string(), 0o644)
    }

    /// A script that shows that it ran.
    pub(super) fn code(&self, interpreter: &str) -> String {
        format!("#!{interpreter}\n: > {}\nexit 3\n", self.path("marks/ran").display())
    }

    /// Has the other user run a shell's command, which has to succeed: else nothing was tried.
    pub(super) fn as_other_user(&self, command: &str) -> Result<()> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-ec", command]).uid(NOBODY).gid(NOBODY).stderr(Stdio::null());
        let status = shell.current_dir(self.path("")).status()?;
        ensure!(status.success(), "the other user could not prepare it: {command}");
        Ok(())
    }

    /// Has the other user write a file that it may write.
    pub(super) fn rewrite(&self, path: &Path, text: &str) -> Result<()> {
        let path = path.display();
        self.as_other_user(&format!("cat > '{path}' <<'EOF'\n{text}\nEOF"))
    }

    /// Whether the other user's code, or code that it chose, runs in a host that trusts all files.
    pub(super) async fn runs_if_trusted(self) -> Result<bool> {
        let registry = self.env.registry().trust_writable(true).start().await?;
        // The code is no plugin.
        drop(registry.load("Theirs", "").await);
        registry.stop().await?;
        Ok(self.has_run())
    }

    fn has_run(&self) -> bool {
        self.path("marks/ran").exists()
    }

    /// Loads the plugin in a host with such settings. The code must not run, and these words say why.
    pub(super) async fn load(
        self,
        settings: impl FnOnce(RegistryBuilder) -> RegistryBuilder,
        words: &str,
    ) -> Result<Outcome> {
        let registry = settings(self.env.registry()).start().await?;
        let loaded = registry.load("Theirs", "").await.map(drop);
        registry.stop().await?;
        if self.has_run() {
            return Ok(Outcome::GotThrough("the code ran".into()));
        }
        let outcome = Outcome::refused_with(loaded, words, "the plugin was loaded")?;
        Ok(match outcome {
            Outcome::Refused(text) => Outcome::Refused(self.shortened(&text)),
            other => other,
        })
    }

    /// An error without the path of this scene.
    fn shortened(&self, text: &str) -> String {
        let text = text.replace(&format!("{}/", self.path("").display()), "");
        text.replace(&self.path("").display().to_string(), "")
    }
}

pub(super) fn set_mode(path: &Path, mode: u32) -> Result<()> {
    let path_text = path.display().to_string();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).context(path_text)
}

/// Lets the other user write a file, as a member of a group.
pub(super) fn share(path: &Path) -> Result<()> {
    chown(path, None, Some(NOBODY))?;
    set_mode(path, 0o775)
}

/// Gives a file to the other user.
pub(super) fn give(path: &Path) -> Result<()> {
    Ok(chown(path, Some(NOBODY), Some(NOBODY))?)
}

/// Lets the other user write a file or folder by an access list. The mode shows that the group may write.
///
/// # Errors
/// The file system has no such lists, for example.
pub(super) fn allow(path: &Path, list: List) -> Result<()> {
    Ok(access_list::allow(path, list, NOBODY)?)
}
