//! Scripts behind an interpreter: the files that `Exec` names are looked at like the program.
//!
//! The tests with real interpreters need Python 3 and Node. Where one is missing, its tests say so.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use goplug::{Error, Sandbox};
use serde_json::{Value, json};

use crate::signatures::Signer;
use crate::test_env::{Kind, TestEnv, digest, is, read_until, run_test};

/// A plugin in Python whose one method answers with the value of an expression.
fn python(word: &str) -> String {
    let server = include_str!("serve.py");
    format!("from beside.word import WORD\n\nMETHODS = {{\"word\": lambda: {word}}}\n\n{server}")
}

/// The same for Node; it makes a digest, for which Node loads OpenSSL and its configuration.
const NODE: &str = r#"
const crypto = require("crypto");
const word = require("./beside/word.js");
crypto.createHash("sha256").update(word).digest("hex");
const about = { name: "Script", protocol: 2, methods: [{ name: "word" }] };
const server = require("http").createServer((request, response) => {
  request.on("data", () => {}).on("end", () => {
    response.setHeader("Goplug-Protocol", "2");
    response.end(JSON.stringify(request.url == "/Activate" ? about : word));
    if (request.url == "/Stop") setImmediate(() => process.exit(0));
  });
});
server.listen({ fd: 3 });
"#;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Puts a file into a folder below that of the plugins, which only this user may write.
pub(crate) fn put(env: &TestEnv, name: &str, text: &str) -> PathBuf {
    let path = env.folder().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    set_mode(&path, 0o644);
    path
}

fn install(env: &TestEnv, exec: &[&str]) {
    env.put_pconf("Script.pconf", &json!({"Name": "Script", "Protocol": 2, "Exec": exec}));
}

/// Installs the plugin in Python with its module; returns the script.
fn install_python(env: &TestEnv, interpreter: &[&str]) -> PathBuf {
    put(env, "app/beside/__init__.py", "");
    put(env, "app/beside/word.py", "WORD = 'python'\n");
    let script = put(env, "app/x.py", &python("WORD"));
    install(env, &[interpreter, &["app/x.py"]].concat());
    script
}

/// The path of a program; `None`, with a line on standard error, if there is none.
pub(crate) fn find(name: &str) -> Option<String> {
    let look_up = format!("command -v {name}");
    let found = Command::new("/bin/sh").args(["-c", &look_up]).output().unwrap();
    let path = String::from_utf8(found.stdout).unwrap();
    if path.trim().is_empty() {
        eprintln!("{name} is not installed: its tests are left out");
        return None;
    }
    Some(path.trim().into())
}

/// What the one method answers in this sandbox, or the error of the load.
async fn word(env: &TestEnv, sandbox: Option<Sandbox>) -> Result<Value, Error> {
    let mut builder = env.registry();
    if let Some(sandbox) = sandbox {
        builder = builder.sandbox(sandbox);
    }
    let registry = builder.start().await?;
    let plugin = registry.load("Script", "").await?;
    let answer = plugin.execute("word", Vec::new()).await?;
    registry.stop().await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

/// The reason for which the plugin is not run.
async fn refusal(env: &TestEnv) -> String {
    let error = word(env, None).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
    assert!(env.processes().is_empty());
    error.to_string().replace(&env.path("").display().to_string(), "TEMP/")
}

#[test]
fn a_script_behind_an_interpreter_that_others_may_write_is_refused() {
    run_test(async |env| {
        let script = put(env, "app/evil.py", "");
        put(env, "app/pack/__main__.py", "");
        set_mode(&script, 0o666);
        set_mode(&env.folder().join("app/pack/__main__.py"), 0o666);
        let absolute = script.to_str().unwrap();
        let option = format!("--require={absolute}");
        let command = format!("exec {absolute} >/dev/null");
        let commands: [&[&str]; 7] = [
            &["/bin/sh", "-c", &command],
            &["/usr/bin/env", "sh", absolute],
            &["/bin/sh", "app/evil.py"],
            &["/bin/sh", &option],
            &["/bin/sh", "-m", "app.evil"],
            &["/bin/sh", "app/pack"],
            &["/usr/bin/env", "-S", "sh", "./app/evil.py"],
        ];
        for exec in commands {
            install(env, exec);
            let error = refusal(env).await;
            let said = "is not to be trusted: every user may write it (mode 0666)";
            assert!(error.contains(said) && error.contains("the argument "), "{error}");
        }
    });
}

#[test]
fn a_script_in_a_folder_that_others_may_write_is_refused() {
    run_test(async |env| {
        let script = put(env, "app/x.sh", "");
        set_mode(script.parent().unwrap(), 0o777);
        install(env, &["/bin/sh", "app/x.sh"]);
        let error = refusal(env).await;
        assert!(error.contains("the folder TEMP/plugins/app of the argument is not"), "{error}");
    });
}

#[test]
fn a_link_to_a_script_that_others_may_write_is_refused() {
    run_test(async |env| {
        let script = put(env, "elsewhere/x.sh", "");
        set_mode(&script, 0o602);
        std::os::unix::fs::symlink(&script, env.folder().join("x.sh")).unwrap();
        install(env, &["/bin/sh", "x.sh"]);
        let error = refusal(env).await;
        assert!(error.contains("every user may write it (mode 0602)"), "{error}");
    });
}

#[test]
fn an_interpreter_that_others_may_write_is_refused() {
    run_test(async |env| {
        let interpreter = put(env, "bin/interpreter", "#!/bin/sh\n");
        let script = put(env, "script", &format!("#!{}\n", interpreter.display()));
        set_mode(&script, 0o755);
        set_mode(&interpreter, 0o757);
        install(env, &["script"]);
        let error = refusal(env).await;
        let expected =
            "the interpreter TEMP/plugins/bin/interpreter is not to be trusted: every user";
        assert!(error.contains(expected), "{error}");
    });
}

#[test]
fn what_env_and_its_like_run_is_refused_if_others_may_write_it() {
    run_test(async |env| {
        let script = put(env, "open/x", "#!/bin/sh\n");
        set_mode(&script, 0o757);
        let path = format!("PATH={}", script.parent().unwrap().display());
        let commands: [&[&str]; 5] = [
            &["/usr/bin/env", &path, "x"],
            &["/usr/bin/env", "-S", &path, "x"],
            &["/usr/bin/env", "-C", "open", "./x"],
            &["/usr/bin/env", "nice", "-n", "1", "open/x"],
            &["/usr/bin/nohup", "open/x"],
        ];
        for exec in commands {
            install(env, exec);
            let error = refusal(env).await;
            let said = "is not to be trusted: every user may write it (mode 0757)";
            assert!(
                error.contains(said) && error.contains("the interpreter "),
                "{exec:?}: {error}"
            );
        }
    });
}

#[test]
fn trust_writable_runs_scripts_that_others_may_write() {
    run_test(async |env| {
        let Some(_) = find("python3") else { return };
        let script = install_python(env, &["/usr/bin/env", "python3"]);
        set_mode(&script, 0o666);
        let registry = env.registry().trust_writable(true).start().await.unwrap();
        registry.load("Script", "").await.unwrap();
    });
}

#[test]
fn an_interpreter_that_env_does_not_find_is_reported() {
    run_test(async |env| {
        let script = put(env, "script", "#!/usr/bin/env python9\n");
        set_mode(&script, 0o755);
        install(env, &["script"]);
        let error = refusal(env).await;
        assert!(
            error.contains("env looks for python9 in PATH, and no folder of it has"),
            "{error}"
        );
    });
}

#[test]
fn a_bare_name_of_a_program_is_explained() {
    run_test(async |env| {
        put(env, "x.sh", "");
        install(env, &["sh", "x.sh"]);
        let error = refusal(env).await;
        assert!(
            error.contains("TEMP/plugins/sh cannot be started: there is no such file"),
            "{error}"
        );
        assert!(error.contains("PATH is not searched; write \""), "{error}");
        install(env, &["./sh", "x.sh"]);
        assert!(refusal(env).await.ends_with("there is no such file"));
    });
}

#[test]
fn several_files_are_compared_with_their_digests() {
    run_test(async |env| {
        let Some(_) = find("python3") else { return };
        let script = install_python(env, &["/usr/bin/env", "python3"]);
        let module = env.folder().join("app/beside/word.py");
        let mut pconf = json!({
            "Name": "Script", "Protocol": 2, "Exec": ["/usr/bin/env", "python3", "app/x.py"],
            "Sha256": {"app/x.py": digest(&script), "app/beside/word.py": digest(&module)},
        });
        env.put_pconf("Script.pconf", &pconf);
        assert_eq!(word(env, None).await.unwrap(), "python");

        fs::write(&module, "WORD = 'changed'\n").unwrap();
        let error = refusal(env).await;
        let begin = "the digest of TEMP/plugins/app/beside/word.py is ";
        assert!(error.contains(begin) && error.contains("write its new digest into"), "{error}");

        pconf["Sha256"]["app/beside/word.py"] = json!(digest(&module));
        env.put_pconf("Script.pconf", &pconf);
        assert_eq!(word(env, None).await.unwrap(), "changed");

        fs::remove_file(&module).unwrap();
        let error = refusal(env).await;
        assert!(error.contains("word.py, which has a digest, cannot be read: No such"), "{error}");
    });
}

#[test]
fn a_signed_script_needs_a_digest_and_its_interpreter_of_the_system_does_not() {
    run_test(async |env| {
        let Some(_) = find("python3") else { return };
        let signer = Signer::new();
        let script = install_python(env, &["/usr/bin/env", "python3"]);
        let mut pconf = json!({
            "Name": "Script", "Protocol": 2, "Exec": ["/usr/bin/env", "python3", "app/x.py"],
        });
        let load = async |pconf: &Value| {
            signer.sign(&env.put_pconf("Script.pconf", pconf));
            let registry = env.registry().require_signatures([signer.public_key()]);
            registry.start().await.unwrap().load("Script", "").await.map(drop)
        };
        let error = load(&pconf).await.unwrap_err().to_string();
        assert!(error.contains("app/x.py has no digest in the signed file"), "{error}");
        pconf["Sha256"] = json!({"app/x.py": digest(&script)});
        load(&pconf).await.unwrap();
        // An interpreter of the plugin's own is none of the system's.
        let own = put(env, "app/python", "#!/bin/sh\nexec /usr/bin/env python3 \"$@\"\n");
        set_mode(&own, 0o755);
        pconf["Exec"][0] = json!("/usr/bin/env");
        pconf["Exec"][1] = json!(own);
        let error = load(&pconf).await.unwrap_err().to_string();
        assert!(error.contains("app/python has no digest in the signed file"), "{error}");
    });
}

#[test]
fn a_script_that_is_exchanged_between_the_check_and_the_start_is_refused() {
    run_test(async |env| {
        let Some(_) = find("python3") else { return };
        let script = install_python(env, &["/usr/bin/env", "python3"]);
        let kept = digest(&script);
        let other = python("'other'");
        // The second one is back in its place before anybody looks again.
        let back = format!("import os\nos.replace('app/kept.py', 'app/x.py')\n{other}");
        for exchanged in [&other, &back] {
            put(env, "app/x.py", &python("WORD"));
            put(env, "app/other.py", exchanged);
            let exchange =
                "mv app/x.py app/kept.py; mv app/other.py app/x.py; exec python3 app/x.py";
            let pconf = json!({
                "Name": "Script", "Protocol": 2, "Exec": ["/bin/sh", "-c", exchange],
                "Sha256": {"app/x.py": kept},
            });
            env.put_pconf("Script.pconf", &pconf);
            let error = refusal(env).await;
            let expected = "TEMP/plugins/app/x.py was written or replaced while the plugin started";
            assert!(error.contains(expected), "{error}");
        }
    });
}

#[test]
fn a_program_that_was_built_again_is_to_be_installed_again() {
    run_test(async |env| {
        let zeros = "0".repeat(64);
        let pconf = json!({"Name": "Script", "Exec": ["/bin/true"], "Sha256": zeros});
        env.put_pconf("Script.pconf", &pconf);
        let error = refusal(env).await;
        let end = "after a build, install it again: /bin/true install TEMP/plugins";
        assert!(error.ends_with(end), "{error}");
    });
}

#[test]
fn python_and_a_module_beside_the_script_run_in_a_sandbox() {
    run_test(async |env| {
        let Some(python) = find("python3") else { return };
        for interpreter in [&["/usr/bin/env", "python3"][..], &[&python]] {
            install_python(env, interpreter);
            let error = word(env, Some(Sandbox::new())).await.unwrap_err().to_string();
            assert!(error.contains("sandbox"), "{error}");
            // The installation that answers: in the sandbox it is the same.
            put(env, "app/beside/word.py", "import sys\nWORD = [sys.prefix, sys.version]\n");
            let free = word(env, None).await.unwrap();
            for name in ["python3", &python] {
                let sandbox = Sandbox::new().interpreter(name);
                assert_eq!(word(env, Some(sandbox)).await.unwrap(), free);
            }
        }
    });
}

#[test]
fn a_sandboxed_interpreter_reads_the_script_that_exec_names() {
    run_test(async |env| {
        put(env, "app/x.sh", "echo the script runs >&2\ncat app/other >&2\nexit 3\n");
        put(env, "app/other", "secret\n");
        install(env, &["/bin/sh", "app/x.sh"]);
        let error = word(env, Some(Sandbox::new())).await.unwrap_err().to_string();
        assert!(error.contains("the script runs") && !error.contains("secret"), "{error}");
        let error = word(env, Some(Sandbox::new().interpreter("sh"))).await.unwrap_err();
        assert!(error.to_string().contains("secret"), "{error}");
    });
}

#[test]
fn a_virtual_environment_runs_in_a_sandbox() {
    run_test(async |env| {
        let Some(python) = find("python3") else { return };
        let environment = env.path("environment");
        let mut command = Command::new(python);
        command.args(["-m", "venv", "--without-pip"]).arg(&environment);
        if !command.status().unwrap().success() {
            eprintln!("this Python makes no virtual environments: the test is left out");
            return;
        }
        let python = environment.join("bin/python3");
        let package = fs::read_dir(environment.join("lib")).unwrap().next().unwrap().unwrap();
        let package = package.path().join("site-packages/only_there.py");
        fs::write(package, "WORD = 'there'\n").unwrap();
        install_python(env, &[python.to_str().unwrap()]);
        put(env, "app/beside/word.py", "from only_there import WORD\n");
        let sandbox = Sandbox::new().interpreter(&python);
        assert_eq!(word(env, Some(sandbox)).await.unwrap(), "there");
    });
}

#[test]
fn node_and_a_module_beside_the_script_run_in_a_sandbox() {
    run_test(async |env| {
        let Some(node) = find("node") else { return };
        put(env, "app/beside/word.js", "module.exports = 'node';\n");
        put(env, "app/x.js", NODE);
        install(env, &[&node, "app/x.js"]);
        let sandbox = Sandbox::new().interpreter("node");
        assert_eq!(word(env, Some(sandbox)).await.unwrap(), "node");
    });
}

#[test]
fn a_sandboxed_script_does_not_run_in_another_interpreter_of_the_same_name() {
    run_test(async |env| {
        let shell = put(env, "own/sh", "#!/bin/sh\nexec /bin/sh \"$@\"\n");
        set_mode(&shell, 0o755);
        let script = put(env, "script", "#!/usr/bin/env sh\nexit 3\n");
        set_mode(&script, 0o755);
        install(env, &["script"]);
        let path = format!("{}:/usr/bin:/bin", shell.parent().unwrap().display());
        let builder = || env.registry().env("PATH", &path);
        let registry = builder().sandbox(Sandbox::new()).start().await.unwrap();
        let error = registry.load("Script", "").await.unwrap_err().to_string();
        let expected = format!("allow it with Sandbox::interpreter({shell:?})");
        assert!(error.ends_with(&expected), "{error}");

        let sandbox = Sandbox::new().interpreter("sh").read(&shell);
        let registry = builder().sandbox(sandbox).start().await.unwrap();
        let error = registry.load("Script", "").await.unwrap_err().to_string();
        assert!(error.contains("exit status: 3"), "{error}");
    });
}

#[test]
fn a_script_behind_an_interpreter_is_upgraded_when_it_is_replaced() {
    run_test(async |env| {
        let Some(_) = find("python3") else { return };
        let script = install_python(env, &["/usr/bin/env", "python3"]);
        let registry = env.watching().await;
        let plugin = registry.load("Script", "").await.unwrap();
        let before = plugin.process_id();
        let mut events = registry.events();

        let newer = env.path("newer.py");
        fs::write(&newer, python("'newer'")).unwrap();
        fs::rename(&newer, &script).unwrap();

        read_until(&mut events, "the upgrade", is(Kind::Upgraded, "Script")).await;
        let answer = plugin.execute("word", Vec::new()).await.unwrap();
        assert_eq!(&answer[..], b"\"newer\"");
        assert_ne!(plugin.process_id(), before);
    });
}
