//! Somebody who may write the folder of plugins changes what a host runs that requires signatures.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use goplug::PublicKey;
use goplug_runtime::transport::Sha256;
use minisign::KeyPair;
use serde_json::json;

use super::attempt::{Attempts, Outcome};
use super::other_user::Scene;

/// A folder with a signed plugin.
struct SignedPlugin {
    scene: Scene,
    /// The key that the host accepts.
    accepted: KeyPair,
    /// A key that it does not accept, or no longer.
    other: KeyPair,
}

/// Changes what is signed.
type Change = fn(&SignedPlugin) -> Result<()>;

/// What is changed, and the words of the refusal.
const ATTEMPTS: &[(&str, &str, Change)] = &[
    ("no signature", "a signature is required", |signed| {
        Ok(std::fs::remove_file(signed.signature())?)
    }),
    ("what is no signature", "its signature is ", |signed| {
        Ok(std::fs::write(signed.signature(), "untrusted comment: x\n")?)
    }),
    ("another .pconf with the same signature", "of another content", |signed| {
        signed.install("NotSigned")
    }),
    ("a .pconf with the signature of another plugin", "of another content", |signed| {
        let signature = signed.path("other.pconf");
        std::fs::write(&signature, "{}")?;
        sign(&signed.accepted, &signature)?;
        Ok(std::fs::rename(signature_of(&signature), signed.signature())?)
    }),
    ("a program that was changed", "the digest of ", |signed| {
        signed.write_program(&format!("{}# changed\n", signed.scene.code("/bin/sh")))
    }),
    ("a program that the signed file gives no digest", "has no digest", |signed| {
        let program = signed.path("bin/x").display().to_string();
        std::fs::write(signed.pconf(), Scene::conf(&[&program]).to_string())?;
        sign(&signed.accepted, &signed.pconf())
    }),
    ("a process that somebody else has started", "says nothing of the process", |signed| {
        let keys = json!({"Name": "Theirs", "Protocol": 2, "LazyLoad": true, "Sock": "s"});
        std::fs::write(signed.pconf(), keys.to_string())?;
        sign(&signed.accepted, &signed.pconf())
    }),
    ("a key that the host does not know", "by none of the keys", |signed| {
        sign(&signed.other, &signed.pconf())
    }),
    ("an older version, whose key was withdrawn", "by none of the keys", |signed| {
        signed.write_program(&format!("{}# older\n", signed.scene.code("/bin/sh")))?;
        signed.install("Theirs")?;
        sign(&signed.other, &signed.pconf())
    }),
];

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    for &(what, words, change) in ATTEMPTS {
        let what = format!("where signatures are required: {what}");
        attempts.attempt(&what, attempt(words, change)).await;
    }
}

async fn attempt(words: &'static str, change: Change) -> Result<Outcome> {
    // What is signed runs, so the change decides.
    let SignedPlugin { scene, accepted, .. } = SignedPlugin::new()?;
    let key = public_key(&accepted)?;
    let control = scene.load(|builder| builder.require_signatures([key]), "exit status: 3").await?;
    ensure!(
        matches!(control, Outcome::GotThrough(_)),
        "the signed plugin did not run: {control:?}"
    );
    let signed = SignedPlugin::new()?;
    change(&signed)?;
    let key = public_key(&signed.accepted)?;
    signed.scene.load(|builder| builder.require_signatures([key]), words).await
}

impl SignedPlugin {
    fn new() -> Result<Self> {
        let keys = KeyPair::generate_unencrypted_keypair;
        let signed = Self { scene: Scene::new()?, accepted: keys()?, other: keys()? };
        signed.write_program(&signed.scene.code("/bin/sh"))?;
        signed.install("Theirs")?;
        sign(&signed.accepted, &signed.pconf())?;
        Ok(signed)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scene.installed(name)
    }

    fn pconf(&self) -> PathBuf {
        self.path("Theirs.pconf")
    }

    fn signature(&self) -> PathBuf {
        signature_of(&self.pconf())
    }

    fn write_program(&self, text: &str) -> Result<()> {
        self.scene.put("plugins/bin/x", text, 0o755).map(drop)
    }

    /// Writes the `.pconf`, with the digest of the program.
    fn install(&self, description: &str) -> Result<()> {
        let program = self.path("bin/x");
        let mut keys = Scene::conf(&[&program.display().to_string()]);
        keys["Sha256"] = json!(Sha256::of_file(&std::fs::File::open(&program)?)?);
        keys["Description"] = json!(description);
        Ok(std::fs::write(self.pconf(), keys.to_string())?)
    }
}

fn public_key(pair: &KeyPair) -> Result<PublicKey> {
    Ok(pair.pk.to_base64().parse()?)
}

/// Signs a file, as `minisign -S` does.
fn sign(pair: &KeyPair, file: &Path) -> Result<()> {
    let content = Cursor::new(std::fs::read(file)?);
    let signature = minisign::sign(None, &pair.sk, content, None, None)?;
    Ok(std::fs::write(signature_of(file), signature.into_string())?)
}

fn signature_of(file: &Path) -> PathBuf {
    format!("{}.minisig", file.display()).into()
}
