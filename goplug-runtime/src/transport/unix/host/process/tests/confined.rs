//! Processes with limits and sandboxes, and a kernel without Landlock.

// Only a filter of system calls makes a kernel look older.
#![allow(unsafe_code)]

use super::*;
use crate::transport::{Rlimit, SandboxRules};

/// The output of a shell script in a process with these rules and limits.
async fn output(stage: &Stage, rules: &SandboxRules, limits: &[Rlimit], script: &str) -> String {
    let program = OpenProgram::open(Path::new("/bin/sh")).unwrap();
    let ruleset = rules.ruleset(&program, None).unwrap();
    let (args, limits) = (vec!["-c".into(), script.into()], limits.to_vec());
    let spawn = Spawn { args, limits, ruleset: Some(ruleset), ..stage.spawn(program) };
    all(start_spawn(spawn).await.unwrap().stdout).await
}

#[tokio::test]
async fn a_sandboxed_process_can_read_only_named_and_system_files() {
    let stage = Stage::new();
    let named = stage.file("named", b"named");
    let other = stage.file("other", b"other");
    let rules = SandboxRules { read: vec![named.clone()], ..SandboxRules::default() };
    let (named, other) = (named.display(), other.display());
    let script =
        format!("cat {named}; cat {other} || echo ' refused'; echo >/dev/null && echo null");
    assert_eq!(output(&stage, &rules, &[], &script).await, "named refused\nnull\n");
}

#[tokio::test]
async fn a_sandboxed_script_is_read_by_its_interpreter() {
    let stage = Stage::new();
    let script = stage.file("plugin", b"#!/bin/sh\necho read\n");
    let program = OpenProgram::open(&script).unwrap();
    let ruleset = SandboxRules::default().ruleset(&program, None).unwrap();
    let spawn = Spawn { ruleset: Some(ruleset), ..stage.spawn(program) };
    assert_eq!(all(start_spawn(spawn).await.unwrap().stdout).await, "read\n");
}

#[tokio::test]
async fn an_interpreter_outside_the_sandbox_is_named() {
    let stage = Stage::new();
    let shell = stage.file("sh", &std::fs::read("/bin/sh").unwrap());
    let script = stage.file("plugin", format!("#!{}\n", shell.display()).as_bytes());
    let program = OpenProgram::open(&script).unwrap();
    let ruleset = SandboxRules::default().ruleset(&program, None).unwrap();
    let spawn = Spawn { ruleset: Some(ruleset), ..stage.spawn(program) };
    let expected = format!(
        "it or its interpreter {} may not be executed here; or its sandbox withholds interpreter \
         or loader",
        shell.display()
    );
    assert_eq!(start_spawn(spawn).await.unwrap_err().to_string(), expected);
}

#[tokio::test]
async fn limits_apply_to_the_started_process_only() {
    let stage = Stage::new();
    let before = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let limits = [Rlimit::OpenFiles(50), Rlimit::CpuSeconds(7)];
    let rules = SandboxRules::default();
    let said = output(&stage, &rules, &limits, "ulimit -n; ulimit -St; ulimit -Ht").await;
    assert_eq!(said, "50\n7\n8\n");
    assert_eq!(rustix::process::getrlimit(rustix::process::Resource::Nofile), before);
}

/// Calls `work` in a thread for which, as for the threads that it starts, the kernel has no
/// Landlock.
pub(crate) fn without_landlock<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    // The thread that starts processes is created by the first start. It must not be created by
    // a thread without Landlock.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { drop(Stage::new().shell("exit 0").await) });
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            hide_landlock();
            work()
        });
        thread.join().unwrap()
    })
}

fn hide_landlock() {
    let first = u32::try_from(libc::SYS_landlock_create_ruleset).unwrap();
    let last = u32::try_from(libc::SYS_landlock_restrict_self).unwrap();
    let step = |code: u32, k, jt, jf| libc::sock_filter { code: code as u16, jt, jf, k };
    let refuse = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
    let mut filter = [
        // The number of the call is the first word of what the filter sees.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, first, 0, 2),
        step(libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K, last, 1, 0),
        step(libc::BPF_RET | libc::BPF_K, refuse, 0, 0),
        step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    let (yes, none): (libc::c_ulong, libc::c_ulong) = (1, 0);
    // SAFETY: the filter is valid while it is set, and the kernel keeps a copy.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, yes, none, none, none), 0);
        let mode = libc::c_ulong::from(libc::SECCOMP_MODE_FILTER);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program), 0);
    }
}

#[test]
fn a_kernel_without_landlock_is_reported_and_enforces_nothing() {
    without_landlock(|| {
        let rules = SandboxRules::default();
        assert_eq!(
            rules.unsupported(),
            Some("the kernel has no Landlock, it is not enabled, or a seccomp filter refuses it")
        );
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stage = Stage::new();
            let other = stage.file("other", b"other");
            let script = format!("cat {}", other.display());
            assert_eq!(output(&stage, &rules, &[], &script).await, "other");
        });
    });
}
