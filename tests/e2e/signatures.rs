//! A registry that requires signatures loads what a key of its list has signed, and nothing else.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use goplug::{Error, PublicKey, Registry};
use goplug_tests::fixtures::calculator::CalculatorClient;
use goplug_tests::system::{make_executable, program_name};
use minisign::KeyPair;
use serde_json::json;

use crate::test_env::{CALCULATOR, TestEnv, copy_program, digest, run_test, until};

/// Somebody with a key.
pub(crate) struct Signer(KeyPair);

impl Signer {
    pub(crate) fn new() -> Self {
        Self(KeyPair::generate_unencrypted_keypair().unwrap())
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        self.0.pk.to_base64().parse().unwrap()
    }

    /// Signs a file, as `minisign -S` does.
    pub(crate) fn sign(&self, file: &Path) {
        let content = Cursor::new(fs::read(file).unwrap());
        let signature = minisign::sign(None, &self.0.sk, content, None, None).unwrap();
        fs::write(signature_of(file), signature.into_string()).unwrap();
    }
}

fn signature_of(file: &Path) -> PathBuf {
    format!("{}.minisig", file.display()).into()
}

/// Installs the calculator with the digest of its program.
fn install(env: &TestEnv) -> PathBuf {
    let keys = json!({
        "Name": "Calculator", "NameSpace": "math", "Protocol": 2, "Exec": [CALCULATOR],
        "Sha256": digest(Path::new(CALCULATOR)),
    });
    env.put_pconf("math.Calculator.pconf", &keys)
}

async fn requiring<const N: usize>(env: &TestEnv, signers: [&Signer; N]) -> Registry {
    let keys = signers.map(Signer::public_key);
    env.registry().require_signatures(keys).start().await.unwrap()
}

/// Why the calculator is rejected.
async fn refusal(registry: &Registry) -> String {
    match registry.load("Calculator", "math").await {
        Err(Error::Rejected { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

async fn assert_adds(registry: &Registry) {
    let calculator: CalculatorClient = registry.client().await.unwrap();
    assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
}

#[test]
fn a_signed_plugin_is_loaded_and_an_unsigned_one_is_rejected() {
    run_test(async |env| {
        let signer = Signer::new();
        let file = install(env);
        let registry = requiring(env, [&signer]).await;
        let reason = refusal(&registry).await;
        let expected = "a signature is required, and there is no math.Calculator.pconf.minisig; sign the \
                        file: minisign -Sm ";
        assert!(reason.starts_with(expected), "{reason}");
        assert!(env.processes().is_empty());

        signer.sign(&file);
        assert_adds(&registry).await;
    });
}

#[test]
fn a_watched_folder_is_looked_at_when_a_signature_comes_or_goes() {
    run_test(async |env| {
        let signer = Signer::new();
        let file = install(env);
        let keys = [signer.public_key()];
        let builder = env.registry().require_signatures(keys).auto_discover(true);
        let registry = builder.start().await.unwrap();
        let is_rejected = || registry.rejected().iter().any(|rejected| rejected.path == file);
        assert!(is_rejected());
        signer.sign(&file);
        until("the plugin is loaded", || !is_rejected() && !env.processes().is_empty()).await;
        fs::remove_file(signature_of(&file)).unwrap();
        until("the file is rejected", is_rejected).await;
        // As with every file that becomes unusable, the process that runs goes on.
        assert_adds(&registry).await;
    });
}

#[test]
fn what_was_changed_after_the_signature_is_rejected() {
    run_test(async |env| {
        let signer = Signer::new();
        let program = env.path("calculator");
        copy_program(CALCULATOR, &program);
        let keys = json!({
            "Name": "Calculator", "NameSpace": "math", "Protocol": 2, "Exec": [program],
            "Sha256": digest(&program),
        });
        let file = env.put_pconf("math.Calculator.pconf", &keys);
        signer.sign(&file);
        assert_adds(&requiring(env, [&signer]).await).await;

        let content = fs::read_to_string(&file).unwrap();
        env.put("math.Calculator.pconf", content.clone() + " ");
        let reason = refusal(&requiring(env, [&signer]).await).await;
        let expected = "its signature is of another content: the file was changed after it was signed; \
                        sign it again: minisign -Sm ";
        assert!(reason.starts_with(expected), "{reason}");

        env.put("math.Calculator.pconf", content);
        fs::remove_file(&program).unwrap();
        let mut changed = fs::read(CALCULATOR).unwrap();
        changed.push(0);
        fs::write(&program, changed).unwrap();
        make_executable(&program).unwrap();
        let reason = refusal(&requiring(env, [&signer]).await).await;
        assert!(reason.starts_with("the digest of "), "{reason}");
        assert!(env.processes().is_empty());
    });
}

#[test]
fn a_key_is_replaced_while_both_are_accepted() {
    run_test(async |env| {
        let (old, new) = (Signer::new(), Signer::new());
        let file = install(env);
        old.sign(&file);
        assert_adds(&requiring(env, [&new, &old]).await).await;
        let none = "its signature is by none of the keys that this host accepts";
        assert_eq!(refusal(&requiring(env, [&new]).await).await, none);
        assert_eq!(refusal(&requiring(env, []).await).await, none);
        new.sign(&file);
        assert_adds(&requiring(env, [&new, &old]).await).await;
        assert_adds(&requiring(env, [&new]).await).await;
    });
}

#[test]
fn a_signature_of_another_plugins_file_is_no_signature_of_this_one() {
    run_test(async |env| {
        let signer = Signer::new();
        let file = install(env);
        let other = env.put_pconf("other.pconf", &json!({"Name": "Other", "Exec": [CALCULATOR]}));
        signer.sign(&other);
        fs::copy(signature_of(&other), signature_of(&file)).unwrap();
        let reason = refusal(&requiring(env, [&signer]).await).await;
        assert!(reason.starts_with("its signature is of another content"), "{reason}");
    });
}

#[test]
fn what_runs_without_a_digest_is_rejected() {
    run_test(async |env| {
        let signer = Signer::new();
        let name = program_name("calculator");
        copy_program(CALCULATOR, &env.folder().join(&name));
        let keys = json!({
            "Name": "Calculator", "NameSpace": "math", "Protocol": 2, "Exec": [name],
        });
        signer.sign(&env.put_pconf("math.Calculator.pconf", &keys));
        let reason = refusal(&requiring(env, [&signer]).await).await;
        let program = env.folder().join(&name);
        let begin = format!("a signature is required, and {} has no digest", program.display());
        assert!(reason.starts_with(&begin), "{reason}");
        assert!(env.processes().is_empty());
    });
}

#[test]
fn a_plugin_that_another_process_starts_is_rejected() {
    run_test(async |env| {
        let signer = Signer::new();
        let keys = json!({
            "Name": "Calculator", "NameSpace": "math", "Protocol": 2, "Sock": env.socket("s"),
        });
        signer.sign(&env.put_pconf("math.Calculator.pconf", &keys));
        let reason = refusal(&requiring(env, [&signer]).await).await;
        assert!(reason.contains("says nothing of the process that serves its socket"), "{reason}");
    });
}

#[test]
fn what_is_no_signature_is_rejected() {
    run_test(async |env| {
        let signer = Signer::new();
        let file = install(env);
        signer.sign(&file);
        let text = fs::read_to_string(signature_of(&file)).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let contents = [
            Vec::new(),
            b"\xff\xfe".to_vec(),
            vec![b'a'; 20_000],
            lines[..2].join("\n").into(),
            text.replace("trusted comment: ", "comment: ").into(),
            text.replacen("RU", "R!", 1).into(),
            // The comment that the signature covers.
            text.replace("\ntrusted comment: ", "\ntrusted comment: x").into(),
        ];
        for content in contents {
            fs::write(signature_of(&file), content).unwrap();
            let reason = refusal(&requiring(env, [&signer]).await).await;
            assert!(reason.starts_with("its signature is "), "{reason}");
        }
        fs::remove_file(signature_of(&file)).unwrap();
        fs::create_dir(signature_of(&file)).unwrap();
        refusal(&requiring(env, [&signer]).await).await;
    });
}
