//! Who may not get in: another user can neither connect to a plugin nor have one loaded.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::report::Report;
use crate::roles::STRANGER;
use crate::scene::{Scene, this_program};
use crate::victim::{Victim, VictimClient};

/// A user who is nobody else on any system.
const NOBODY: u32 = 65534;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        connecting(report).await?;
        having_loaded(report).await
    } else {
        report.note("another user can only be played by root", "left out");
        Ok(())
    }
}

async fn connecting(report: &mut Report) -> Result<()> {
    let scene = Scene::new()?;
    let registry = scene.registry().embed::<Victim>().start().await?;
    let victim: VictimClient = registry.client().await?;
    let Some(socket) = victim.plugin().socket() else { anyhow::bail!("it has no socket") };
    let stranger = Stranger::new(&scene)?;

    let open = scene.path("open.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&open)?;
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o666))?;
    ensure!(stranger.connects(&open)?, "the stranger cannot connect to anything");
    let connected = stranger.connects(&socket)?;
    // Once more where nothing but the plugin itself stands in the way.
    if let Some(folder) = socket.parent() {
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755))?;
    }
    report.at_most("connections of another user to a plugin", usize::from(connected), 0);
    registry.stop().await;
    Ok(())
}

async fn having_loaded(report: &mut Report) -> Result<()> {
    let mut loaded = 0;
    for whose in ["folder", "file"] {
        let scene = Scene::new()?;
        let conf = json!({"Name": "Theirs", "Exec": [this_program()?], "LazyLoad": true});
        scene.put("theirs.pconf", conf.to_string())?;
        let path = match whose {
            "folder" => scene.folder(),
            _ => scene.folder().join("theirs.pconf"),
        };
        chown(path, Some(NOBODY), None)?;
        let registry = scene.registry().start().await?;
        let refused = match registry.load("Theirs", "").await {
            Err(error) => error.to_string().contains("another user"),
            Ok(_) => false,
        };
        loaded += usize::from(!refused);
        registry.stop().await;
    }
    report.at_most("plugins loaded from another user's folder or file", loaded, 0);
    Ok(())
}

/// This program, run by another user.
struct Stranger<'a> {
    scene: &'a Scene,
    program: std::path::PathBuf,
}

impl<'a> Stranger<'a> {
    /// The program has to lie where the other user may run it.
    fn new(scene: &'a Scene) -> Result<Self> {
        let program = scene.path("stranger");
        std::fs::copy(this_program()?, &program)?;
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755))?;
        std::fs::set_permissions(scene.path(""), PermissionsExt::from_mode(0o755))?;
        Ok(Self { scene, program })
    }

    fn connects(&self, socket: &Path) -> Result<bool> {
        let mut command = std::process::Command::new(&self.program);
        command.arg(STRANGER).arg(socket).uid(NOBODY).gid(NOBODY);
        command.current_dir(self.scene.path("")).stderr(std::process::Stdio::null());
        Ok(command.status()?.success())
    }
}
