//! Sandboxes on a kernel that lacks what enforces them: nobody takes such a plugin for confined. The
//! kernel is simulated by a filter that refuses the calls.

use anyhow::{Result, ensure};

use super::attempt::{Attempts, Outcome};
use crate::confining_host::{Confined, REFUSE, REPORT};
use crate::roles::{CONFINING_HOST, WITHOUT_CALLS};
use crate::test_env::{TestEnv, this_program};

/// What is missing: the error of the kernel, and the call.
const MISSING: &[(&str, &str, &str)] = &[
    ("without Landlock", "ENOSYS", "landlock_create_ruleset"),
    ("with Landlock turned off", "EINVAL", "landlock_create_ruleset"),
    ("where a container refuses Landlock", "EPERM", "landlock_create_ruleset"),
    ("where the last step of Landlock is refused", "EPERM", "landlock_restrict_self"),
    ("without filters of system calls", "EINVAL", "prctl/PR_SET_SECCOMP"),
    ("where a container refuses filters of system calls", "EPERM", "prctl/PR_SET_SECCOMP"),
];

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    for &(kernel, error, call) in MISSING {
        for (policy, what) in
            [(REFUSE, "a sandboxed plugin"), (REPORT, "one that is to be reported")]
        {
            let what = format!("{what} {kernel}");
            attempts.attempt(&what, attempt(policy, error, call)).await;
        }
    }
}

/// Starts a sandboxed plugin where a call fails with this error.
async fn attempt(policy: &'static str, error: &'static str, call: &'static str) -> Result<Outcome> {
    let env = TestEnv::new()?;
    let mut host = env.role(WITHOUT_CALLS)?;
    host.args([error, call, "--"]).arg(this_program()?).args([CONFINING_HOST, policy]);
    let output = tokio::task::spawn_blocking(move || host.output()).await??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let confined: Confined = serde_json::from_slice(&output.stdout)?;
    Ok(match confined {
        Confined { refused: Some(error), .. } => Outcome::Refused(error),
        Confined { reported: Some(event), .. } if policy == REPORT => Outcome::Refused(event),
        Confined { read, .. } => {
            Outcome::GotThrough(format!("it was started without a word, and has read {read:?}"))
        }
    })
}
