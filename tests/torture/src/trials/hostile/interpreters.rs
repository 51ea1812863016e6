//! Another user writes what decides with the program what runs: interpreters, loaders, what a name of a
//! program leads to.

use anyhow::{Context, Result};

use super::attempt::{Attempts, Outcome};
use super::files::{NOT_TRUSTED, Prepare, attempt_all};
use super::other_user::{List, Scene, allow, can_be_played, give, set_mode};

const ATTEMPTS: &[(&str, Prepare)] = &[
    ("an interpreter of another user, which every user may write", |scene| {
        let interpreter = theirs(scene, "/bin/sh")?;
        set_mode(interpreter.as_ref(), 0o777)?;
        script(scene, &interpreter)
    }),
    ("an interpreter that an access list lets another user write", |scene| {
        let interpreter = scene.put("bin/x", "#!/bin/sh\n", 0o755)?;
        allow(&interpreter, List::Access)?;
        scene.rewrite(&interpreter, &scene.code("/bin/sh"))?;
        script(scene, &interpreter.display().to_string())
    }),
    ("the interpreter of an interpreter", |scene| {
        let first = theirs(scene, "/bin/sh")?;
        let second = scene.put("mine/y", &format!("#!{first}\n"), 0o755)?;
        script(scene, &second.display().to_string())
    }),
    ("what env finds in a PATH of its own", |scene| {
        theirs(scene, "/bin/sh")?;
        let path = scene.path("t");
        scene.install(&["/usr/bin/env", &format!("PATH={}", path.display()), "x"]).map(drop)
    }),
    ("what env finds in a folder that it changes to", |scene| {
        theirs(scene, "/bin/sh")?;
        let folder = scene.path("t");
        scene.install(&["/usr/bin/env", "-C", &folder.display().to_string(), "./x"]).map(drop)
    }),
    ("what the first line of a script gives env as PATH", |scene| {
        theirs(scene, "/bin/sh")?;
        let path = scene.path("t");
        script(scene, &format!("/usr/bin/env -S PATH={} x", path.display()))
    }),
    ("what a program that runs another one is given", |scene| {
        let code = theirs(scene, "/bin/sh")?;
        scene.install(&["/usr/bin/nice", "-n", "1", &code]).map(drop)
    }),
    ("a script whose interpreter is sound", |scene| {
        let code = theirs(scene, "/bin/sh")?;
        scene.install(&["/bin/sh", &code]).map(drop)
    }),
    ("a script in the commands of a shell", |scene| {
        let code = theirs(scene, "/bin/sh")?;
        scene.install(&["/bin/sh", "-c", &format!("exec '{code}' >&2")]).map(drop)
    }),
];

/// Puts the other user's code into a folder of that user; returns its path.
fn theirs(scene: &Scene, interpreter: &str) -> Result<String> {
    let path = scene.put("t/x", &scene.code(interpreter), 0o755)?;
    give(&path)?;
    Ok(path.display().to_string())
}

/// Installs a script with this interpreter.
fn script(scene: &Scene, interpreter: &str) -> Result<()> {
    scene.put("plugins/bin/script", &format!("#!{interpreter}\n"), 0o755)?;
    scene.install(&["bin/script"]).map(drop)
}

/// Has a program of this machine name the other user's code as its loader.
async fn loader() -> Result<Outcome> {
    if !can_be_played() {
        return Ok(Outcome::NotTried("needs root, to play another user".into()));
    }
    let scene = Scene::new()?;
    let mut program = std::fs::read("/bin/true")?;
    let begin = program.windows(4).position(|bytes| bytes == b"/lib");
    let begin = begin.context("a program with a loader")?;
    let length = program[begin..].iter().position(|byte| *byte == 0).context("its end")?;
    let code = theirs(&scene, "/bin/sh")?;
    if code.len() > length {
        return Ok(Outcome::NotTried("needs a shorter path of temporary files".into()));
    }
    program[begin..begin + length].fill(0);
    program[begin..begin + code.len()].copy_from_slice(code.as_bytes());
    let path = scene.put("plugins/bin/x", "", 0o755)?;
    std::fs::write(&path, program)?;
    scene.install(&["bin/x"])?;
    scene.load(|builder| builder, NOT_TRUSTED).await
}

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    attempt_all(attempts, ATTEMPTS).await;
    attempts.attempt("the loader of a program of this machine", loader()).await;
}
