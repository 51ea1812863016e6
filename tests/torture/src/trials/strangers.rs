//! Other users and sandboxes: another user can neither connect to a plugin nor install one,
//! and a plugin in a sandbox reaches only the files and ports that the sandbox names.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;

use anyhow::{Result, ensure};
use goplug::Sandbox;
use serde_json::json;

use crate::report::Report;
use crate::roles::STRANGER;
use crate::test_env::{TestEnv, this_program};
use crate::victim::{Victim, VictimClient};

/// The id of the user `nobody`.
const NOBODY: u32 = 65534;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        connect_as_other_user(report).await?;
        load_files_of_other_user(report).await?;
    } else {
        report.note("another user can only be played by root", "left out");
    }
    leave_sandbox(report).await
}

async fn connect_as_other_user(report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    let registry = env.registry().embed::<Victim>().start().await?;
    let victim: VictimClient = registry.client().await?;
    let Some(socket) = victim.plugin().socket() else { anyhow::bail!("it has no socket") };
    let stranger = Stranger::new(&env)?;

    let open = env.path("open.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&open)?;
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o666))?;
    ensure!(stranger.connects(&open)?, "the stranger cannot connect to anything");
    let mut connected = usize::from(stranger.connects(&socket)?);
    // Once more with an open folder, so that only the mode of the socket protects it.
    if let Some(folder) = socket.parent() {
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755))?;
    }
    connected += usize::from(stranger.connects(&socket)?);
    report.at_most("connections of another user to a plugin", connected, 0);
    registry.stop().await?;
    Ok(())
}

async fn load_files_of_other_user(report: &mut Report) -> Result<()> {
    let mut loaded = 0;
    for whose in ["folder", "file"] {
        let env = TestEnv::new()?;
        let conf = json!({"Name": "Theirs", "Exec": [this_program()?], "LazyLoad": true});
        env.put("Theirs.pconf", conf.to_string())?;
        let path = match whose {
            "folder" => env.folder(),
            _ => env.folder().join("Theirs.pconf"),
        };
        chown(path, Some(NOBODY), None)?;
        let registry = env.registry().start().await?;
        let refused = match registry.load("Theirs", "").await {
            Err(error) => error.to_string().contains("another user"),
            Ok(_) => false,
        };
        loaded += usize::from(!refused);
        registry.stop().await?;
    }
    report.at_most("plugins loaded from another user's folder or file", loaded, 0);
    Ok(())
}

async fn leave_sandbox(report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    let (named, unnamed) = (env.path("named"), env.path("unnamed"));
    let listen = || std::net::TcpListener::bind(("127.0.0.1", 0));
    let (here, there) = (listen()?, listen()?);
    let (open, closed) = (here.local_addr()?.port(), there.local_addr()?.port());
    for path in [&named, &unnamed] {
        std::fs::write(path, "content")?;
    }
    let sandbox = Sandbox::new().read(&named).connect(open);
    let registry = env.registry().sandbox(sandbox).embed::<Victim>().start().await?;
    let victim: VictimClient = registry.client().await?;
    let reached = [victim.read(named).await.is_ok(), victim.connect(open).await.is_ok()];
    let escaped = [victim.read(unnamed).await.is_ok(), victim.connect(closed).await.is_ok()];
    registry.stop().await?;
    let count = |which: [bool; 2]| which.into_iter().filter(|it| *it).count();
    report.at_least("file and port that a sandbox names and that are reached", count(reached), 2);
    report.at_most("file and port that it does not name and that are", count(escaped), 0);
    Ok(())
}

/// This program, run as another user.
struct Stranger<'a> {
    env: &'a TestEnv,
    program: std::path::PathBuf,
}

impl<'a> Stranger<'a> {
    /// Copies the program to a place where the other user may run it.
    fn new(env: &'a TestEnv) -> Result<Self> {
        let program = env.path("stranger");
        std::fs::copy(this_program()?, &program)?;
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755))?;
        std::fs::set_permissions(env.path(""), PermissionsExt::from_mode(0o755))?;
        Ok(Self { env, program })
    }

    fn connects(&self, socket: &Path) -> Result<bool> {
        let mut command = std::process::Command::new(&self.program);
        command.arg(STRANGER).arg(socket).uid(NOBODY).gid(NOBODY);
        command.current_dir(self.env.path("")).stderr(std::process::Stdio::null());
        Ok(command.status()?.success())
    }
}
