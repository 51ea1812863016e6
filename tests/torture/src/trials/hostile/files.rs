//! Another user writes or exchanges the files of a plugin, which then run as the host's user.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::attempt::{Attempts, Outcome};
use super::other_user::{List, Scene, allow, can_be_played, give, set_mode, share};

/// The words of each refusal.
pub(super) const NOT_TRUSTED: &str = "not to be trusted";

/// Lets the other user write something, and has that user do it.
pub(super) type Prepare = fn(&Scene) -> Result<()>;

const ATTEMPTS: &[(&str, Prepare)] = &[
    ("a .pconf that an access list lets another user write", |scene| {
        let pconf = scene.install(&["/bin/true"])?;
        allow(&pconf, List::Access)?;
        let code = theirs(scene)?;
        scene.rewrite(&pconf, &conf(&code))
    }),
    ("a program that an access list lets another user write", |scene| {
        let program = scene.put("plugins/bin/x", "#!/bin/sh\n", 0o755)?;
        scene.install(&["bin/x"])?;
        allow(&program, List::Access)?;
        scene.rewrite(&program, &scene.code("/bin/sh"))
    }),
    ("a script behind an interpreter, with an access list", |scene| {
        let script = scene.put("plugins/bin/x.sh", "", 0o644)?;
        scene.install(&["/bin/sh", "bin/x.sh"])?;
        allow(&script, List::Access)?;
        scene.rewrite(&script, &scene.code("/bin/sh"))
    }),
    ("a program in a folder with an access list", |scene| {
        let mine = scene.put("plugins/other/x", &scene.code("/bin/sh"), 0o755)?;
        let program = scene.put("plugins/bin/x", "#!/bin/sh\n", 0o755)?;
        scene.install(&["bin/x"])?;
        for path in [&mine, &program] {
            if let Some(folder) = path.parent() {
                allow(folder, List::Access)?;
            }
        }
        // A file of the host's user, which was not meant to be run.
        scene.as_other_user("mv plugins/other/x plugins/bin/x")
    }),
    ("a program in a folder that hands an access list on", |scene| {
        let folder = scene.path("plugins/bin");
        std::fs::create_dir_all(&folder)?;
        allow(&folder, List::Default)?;
        let program = scene.put("plugins/bin/x", "#!/bin/sh\n", 0o775)?;
        scene.install(&["bin/x"])?;
        scene.rewrite(&program, &scene.code("/bin/sh"))
    }),
    ("the folder of the plugins with an access list", |scene| {
        scene.install(&["/bin/true"])?;
        let code = theirs(scene)?;
        let other = scene.put("other/x.pconf", &conf(&code), 0o644)?;
        for folder in [scene.installed(""), scene.path("other")] {
            allow(&folder, List::Access)?;
        }
        let from = other.display();
        scene.as_other_user(&format!("mv '{from}' plugins/Theirs.pconf"))
    }),
    ("a .pconf that another user's group may write", |scene| {
        let pconf = scene.install(&["/bin/true"])?;
        share(&pconf)?;
        let code = theirs(scene)?;
        scene.rewrite(&pconf, &conf(&code))
    }),
    ("a program that another user's group may write", |scene| {
        let program = scene.put("plugins/bin/x", "#!/bin/sh\n", 0o755)?;
        scene.install(&["bin/x"])?;
        share(&program)?;
        scene.rewrite(&program, &scene.code("/bin/sh"))
    }),
    ("a .pconf that every user may write", |scene| {
        let pconf = scene.install(&["/bin/true"])?;
        set_mode(&pconf, 0o666)?;
        let code = theirs(scene)?;
        scene.rewrite(&pconf, &conf(&code))
    }),
    ("a .pconf of another user", |scene| {
        let code = theirs(scene)?;
        let pconf = scene.install(&[&code.display().to_string()])?;
        give(&pconf)
    }),
    ("a program of another user", |scene| {
        let program = scene.put("plugins/bin/x", &scene.code("/bin/sh"), 0o755)?;
        scene.install(&["bin/x"])?;
        give(&program)
    }),
    ("a folder above the plugins that another user may write", |scene| {
        scene.put("above/old/x", &scene.code("/bin/sh"), 0o755)?;
        let program = scene.put("above/new/x", "#!/bin/sh\n", 0o755)?;
        scene.install(&[&program.display().to_string()])?;
        set_mode(&scene.path("above"), 0o777)?;
        scene.as_other_user("cd above; mv new newer; mv old new")
    }),
    ("a link to the program, in a folder that another user may write", |scene| {
        let old = scene.put("apart/old", &scene.code("/bin/sh"), 0o755)?;
        let new = scene.put("apart/new", "#!/bin/sh\n", 0o755)?;
        std::fs::create_dir(scene.path("links"))?;
        set_mode(&scene.path("links"), 0o777)?;
        symlink(&new, scene.path("links/one"))?;
        // The first link is in a folder of the host's user.
        symlink(scene.path("links/one"), scene.path("apart/x"))?;
        scene.install(&[&scene.path("apart/x").display().to_string()])?;
        scene.as_other_user(&format!("ln -sfn '{}' links/one", old.display()))
    }),
    ("a link of another user in a folder with the sticky bit", |scene| {
        let old = scene.put("apart/x", &scene.code("/bin/sh"), 0o755)?;
        std::fs::create_dir(scene.path("sticky"))?;
        set_mode(&scene.path("sticky"), 0o1777)?;
        let folder = old.parent().map(PathBuf::from).unwrap_or_default();
        scene.as_other_user(&format!("ln -s '{}' sticky/link", folder.display()))?;
        scene.install(&[&scene.path("sticky/link/x").display().to_string()]).map(drop)
    }),
    ("a .pconf that is a link into a folder of another user", |scene| {
        let code = theirs(scene)?;
        let pconf = scene.put("open/y.pconf", &conf(&code), 0o644)?;
        scene.put("open/x.pconf", "{}", 0o644)?;
        set_mode(&scene.path("open"), 0o777)?;
        symlink(scene.path("open/x.pconf"), scene.installed("Theirs.pconf"))?;
        scene.as_other_user(&format!("mv '{}' open/x.pconf", pconf.display()))
    }),
];

/// Code that the other user has brought where the host's user keeps a program.
fn theirs(scene: &Scene) -> Result<PathBuf> {
    scene.put("code/x", &scene.code("/bin/sh"), 0o755)
}

fn conf(program: &std::path::Path) -> String {
    Scene::conf(&[&program.display().to_string()]).to_string()
}

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    attempt_all(attempts, ATTEMPTS).await;
}

/// Prepares each, and loads the plugin.
pub(super) async fn attempt_all(attempts: &mut Attempts<'_>, all: &'static [(&str, Prepare)]) {
    for (what, prepare) in all {
        attempts.attempt(what, attempt(*prepare)).await;
    }
}

async fn attempt(prepare: Prepare) -> Result<Outcome> {
    if !can_be_played() {
        return Ok(Outcome::NotTried("needs root, to play another user".into()));
    }
    // A host that trusts such files runs them: so it is an attack.
    let control = Scene::new()?;
    prepare(&control)?;
    ensure!(control.runs_if_trusted().await?, "the other user's code would not have run");
    let scene = Scene::new()?;
    prepare(&scene)?;
    scene.load(|builder| builder, NOT_TRUSTED).await
}
