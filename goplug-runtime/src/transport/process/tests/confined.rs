//! Processes that are held back, and a kernel that cannot do that.

// Nothing but a filter of system calls makes a kernel look older.
#![allow(unsafe_code)]

use super::*;

/// What a process within this reach answers to a shell's script.
async fn answer(stage: &Stage, reach: &Reach, limits: &[Limit], script: &str) -> String {
    let program = OpenProgram::open(Path::new("/bin/sh")).unwrap();
    let ruleset = reach.ruleset(&program).unwrap();
    let (args, limits) = (vec!["-c".into(), script.into()], limits.to_vec());
    let spawn = Spawn { args, limits, ruleset: Some(ruleset), ..stage.spawn(program) };
    all(begun(spawn).await.unwrap().stdout).await
}

#[tokio::test]
async fn a_process_reaches_what_is_named_and_what_it_needs_to_start() {
    let stage = Stage::new();
    let named = stage.file("named", b"named");
    let other = stage.file("other", b"other");
    let reach = Reach { read: vec![named.clone()], ..Reach::default() };
    let (named, other) = (named.display(), other.display());
    let script =
        format!("cat {named}; cat {other} || echo ' refused'; echo >/dev/null && echo null");
    assert_eq!(answer(&stage, &reach, &[], &script).await, "named refused\nnull\n");
}

#[tokio::test]
async fn a_script_within_a_sandbox_is_read_by_its_interpreter() {
    let stage = Stage::new();
    let script = stage.file("plugin", b"#!/bin/sh\necho read\n");
    let program = OpenProgram::open(&script).unwrap();
    let ruleset = Reach::default().ruleset(&program).unwrap();
    let spawn = Spawn { ruleset: Some(ruleset), ..stage.spawn(program) };
    assert_eq!(all(begun(spawn).await.unwrap().stdout).await, "read\n");
}

#[tokio::test]
async fn an_interpreter_that_the_sandbox_withholds_is_named() {
    let stage = Stage::new();
    let shell = stage.file("sh", &std::fs::read("/bin/sh").unwrap());
    let script = stage.file("plugin", format!("#!{}\n", shell.display()).as_bytes());
    let program = OpenProgram::open(&script).unwrap();
    let ruleset = Reach::default().ruleset(&program).unwrap();
    let spawn = Spawn { ruleset: Some(ruleset), ..stage.spawn(program) };
    let expected = format!(
        "it or its interpreter {} may not be executed here; or its sandbox withholds interpreter \
         or loader",
        shell.display()
    );
    assert_eq!(begun(spawn).await.unwrap_err().to_string(), expected);
}

#[tokio::test]
async fn limits_are_those_of_the_process_and_not_of_this_one() {
    let stage = Stage::new();
    let before = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let limits = [Limit::OpenFiles(50), Limit::CpuSeconds(7)];
    let reach = Reach::default();
    let said = answer(&stage, &reach, &limits, "ulimit -n; ulimit -St; ulimit -Ht").await;
    assert_eq!(said, "50\n7\n8\n");
    assert_eq!(rustix::process::getrlimit(rustix::process::Resource::Nofile), before);
}

/// Runs something in a thread for which the kernel has no Landlock, nor for the threads
/// that it starts.
pub(crate) fn without_landlock<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    // The one thread that starts processes is made by the first who needs it. It must not
    // be a thread of this kind.
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
fn a_kernel_without_landlock_is_told_and_enforces_nothing() {
    without_landlock(|| {
        let reach = Reach::default();
        assert_eq!(reach.gap(), Some("the kernel has no Landlock, or it is not enabled"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stage = Stage::new();
            let other = stage.file("other", b"other");
            let script = format!("cat {}", other.display());
            assert_eq!(answer(&stage, &reach, &[], &script).await, "other");
        });
    });
}
