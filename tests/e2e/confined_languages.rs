//! Programs in other languages, in a sandbox: what they do in their everyday work goes through the filter of
//! system calls, and what is refused is an error that they get over.

use std::process::Command;

use goplug::Sandbox;
use serde_json::{Value, json};

use crate::exec_files::{find, put};
use crate::test_env::{TestEnv, run_test};

/// A plugin in Python. Its method uses threads, processes, pipes, timers, random numbers and a Unix socket,
/// and then attempts what is refused.
const PYTHON: &str = concat!(
    r#"
import asyncio, concurrent.futures, os, secrets, socket, subprocess

def everyday():
    done = {}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done["threads"] = sum(pool.map(len, ["a", "bc"]))
    done["processes"] = subprocess.run(["/bin/sh", "-c", "echo a | cat"], capture_output=True, text=True).stdout
    done["group"] = subprocess.run(["/bin/true"], start_new_session=True).returncode
    child = os.fork()
    if child == 0:
        os._exit(7)
    done["forks"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    async def later():
        process = await asyncio.create_subprocess_exec("/bin/true")
        await asyncio.sleep(0)
        return await process.wait()
    done["tasks"] = asyncio.run(later())
    one, other = socket.socketpair()
    one.send(b"x")
    done["pair"] = other.recv(1).decode()
    done["random"] = len(secrets.token_bytes(8))
    done["priority"] = os.nice(1) - os.nice(0)
    return done

def refused():
    errors = {}
    def note(name, attempt):
        try:
            attempt()
            errors[name] = None
        except OSError as error:
            errors[name] = error.errno
    note("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    note("tcp", lambda: socket.create_connection(("127.0.0.1", 9)))
    note("affinity", lambda: os.sched_setaffinity(os.getppid(), {0}))
    note("priority", lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19))
    note("kill", lambda: os.kill(os.getppid(), 0))
    return errors

METHODS = {"everyday": everyday, "refused": refused}
"#,
    include_str!("serve.py"),
);

/// The same for Node.
const NODE: &str = r#"
const { Worker } = require("worker_threads");
const { spawnSync, spawn } = require("child_process");
const crypto = require("crypto"), dgram = require("dgram"), net = require("net"), os = require("os");

const everyday = async () => {
  const worker = new Worker("require('worker_threads').parentPort.postMessage(2)", { eval: true });
  const threads = await new Promise(resolve => worker.once("message", resolve));
  const processes = spawnSync("/bin/sh", ["-c", "echo a | cat"]).stdout.toString();
  const child = spawn("/bin/true", [], { detached: true });
  const group = await new Promise(resolve => child.once("exit", resolve));
  const random = await new Promise(resolve => crypto.randomBytes(8, (_, bytes) => resolve(bytes.length)));
  return { threads, processes, group, random };
};
const error = emitter => new Promise(resolve => {
  emitter.once("error", error => resolve(error.code));
});
const refused = async () => {
  const socket = dgram.createSocket("udp4");
  const udp = error(socket);
  try { socket.bind(0); } catch {}
  let priority = null;
  try { os.setPriority(process.ppid, 19); } catch (error) { priority = error.info?.code ?? error.code; }
  return { udp: await udp, tcp: await error(net.connect(9, "127.0.0.1")), priority };
};
const about = { name: "Script", protocol: 2, methods: [{ name: "everyday" }, { name: "refused" }] };
const server = require("http").createServer((request, response) => {
  request.on("data", () => {}).on("end", async () => {
    response.setHeader("Goplug-Protocol", "2");
    const known = { "/Activate": () => about, "/everyday": everyday, "/refused": refused };
    response.end(JSON.stringify(await (known[request.url] ?? (() => null))()));
    if (request.url == "/Stop") setImmediate(() => process.exit(0));
  });
});
server.listen({ fd: 3 });
"#;

/// A plugin of the shell. It starts jobs in groups of their own, and serves by a program.
const SHELL: &str = r#"
set -m
(sleep 0; exit 3) & wait $!
test $? = 3 || exit 41
test "$(echo b a | tr ' ' '\n' | sort | head -n 1)" = a || exit 42
(ulimit -n 64 && test "$(ulimit -n)" = 64) || exit 43
nice -n 1 true || exit 44
exec "$1" serve.py
"#;

/// The same for Go, whose programs make their system calls without a library of the system.
const GO: &str = include_str!("serve.go");

/// What the two methods answer in this sandbox.
async fn answers(env: &TestEnv, exec: &[&str], sandbox: Sandbox) -> [Value; 2] {
    env.put_pconf("Script.pconf", &json!({"Name": "Script", "Protocol": 2, "Exec": exec}));
    let registry = env.registry().sandbox(sandbox).start().await.unwrap();
    let plugin = registry.load("Script", "").await.unwrap();
    let mut answers = [Value::Null, Value::Null];
    for (answer, method) in answers.iter_mut().zip(["everyday", "refused"]) {
        *answer =
            serde_json::from_slice(&plugin.execute(method, Vec::new()).await.unwrap()).unwrap();
    }
    registry.stop().await.unwrap();
    answers
}

/// What Python does and is refused. Signals to the host are Landlock's affair, from Linux 6.12 on.
fn assert_python([everyday, mut refused]: [Value; 2]) {
    let expected = json!({
        "threads": 3, "processes": "a\n", "group": 0, "forks": 7, "tasks": 0, "pair": "x", "random": 8,
        "priority": 0,
    });
    assert_eq!(everyday, expected);
    refused.as_object_mut().unwrap().remove("kill");
    let (family, permission) = (libc::EAFNOSUPPORT, libc::EPERM);
    let expected =
        json!({"udp": family, "tcp": family, "affinity": permission, "priority": permission});
    assert_eq!(refused, expected);
}

#[test]
fn python_works_in_a_sandbox_and_gets_over_what_is_refused() {
    let Some(python) = find("python3") else { return };
    run_test(async |env| {
        put(env, "serve.py", PYTHON);
        let sandbox = Sandbox::new().interpreter("python3");
        assert_python(answers(env, &[&python, "serve.py"], sandbox).await);
    });
}

#[test]
fn a_shell_and_what_it_starts_work_in_a_sandbox() {
    let Some(python) = find("python3") else { return };
    run_test(async |env| {
        put(env, "serve.py", PYTHON);
        put(env, "start.sh", SHELL);
        let sandbox = Sandbox::new().interpreter("python3").read(env.folder());
        let exec = ["/bin/sh", "start.sh", &python];
        assert_python(answers(env, &exec, sandbox).await);
    });
}

#[test]
fn node_works_in_a_sandbox_and_gets_over_what_is_refused() {
    let Some(node) = find("node") else { return };
    run_test(async |env| {
        put(env, "serve.js", NODE);
        let sandbox = Sandbox::new().interpreter("node");
        let [everyday, refused] = answers(env, &[&node, "serve.js"], sandbox).await;
        let expected = json!({"threads": 2, "processes": "a\n", "group": 0, "random": 8});
        assert_eq!(everyday, expected);
        let expected = json!({"udp": "EAFNOSUPPORT", "tcp": "EAFNOSUPPORT", "priority": "EPERM"});
        assert_eq!(refused, expected);
    });
}

#[test]
fn go_works_in_a_sandbox_and_gets_over_what_is_refused() {
    let Some(go) = find("go") else { return };
    run_test(async |env| {
        put(env, "serve.go", GO);
        let mut build = Command::new(go);
        build.args(["build", "-o", "serve", "serve.go"]).current_dir(env.folder());
        build.env("CGO_ENABLED", "0").env("GO111MODULE", "off").env("GOCACHE", env.path("cache"));
        assert!(build.status().unwrap().success());
        let [everyday, refused] = answers(env, &["./serve"], Sandbox::new()).await;
        let expected = json!({
            "threads": 3, "processes": "a\n", "group": true, "pair": "x", "random": 8,
        });
        assert_eq!(everyday, expected);
        let (family, permission) = (libc::EAFNOSUPPORT, libc::EPERM);
        let expected = json!({
            "udp": family, "tcp": family, "affinity": permission, "priority": permission,
        });
        assert_eq!(refused, expected);
    });
}
