//! System calls that an old kernel does not know, or the seccomp filter of a container or service refuses.
//! A filter needs no privilege.

use std::process::Command;

use super::{assert_all_work, assert_says, findings, host};
use crate::test_env::{REFUSE, TestEnv, run_test};

/// The errors with which filters and kernels refuse.
const ERRORS: [&str; 3] = ["EPERM", "ENOSYS", "EINVAL"];

/// The calls by which a process is watched and signalled without its number.
const PIDFDS: [&str; 5] = [
    "clone/CLONE_PIDFD",
    "pidfd_open",
    "pidfd_send_signal",
    "waitid/P_PIDFD",
    "ioctl/PIDFD_GET_INFO",
];

/// The command that runs the host where these calls are refused.
fn refuse(env: &TestEnv, error: &str, calls: &[&str]) -> Command {
    let mut command = env.command(REFUSE);
    command.arg(error).args(calls).arg("--").args(host(env));
    command
}

fn works_without(errors: &[&str], calls: &[&str]) {
    for error in errors {
        run_test(async |env| {
            let findings = findings(env, &mut refuse(env, error, calls));
            assert_all_work(&findings, &format!("{error} for {calls:?}"));
        });
    }
}

#[test]
fn without_any_pidfd_a_plugin_is_watched_signalled_and_reaped() {
    works_without(&ERRORS, &PIDFDS);
    // The fallback of each of them.
    for call in PIDFDS {
        works_without(&["EPERM"], &[call]);
    }
}

#[test]
fn without_a_signal_at_the_hosts_end_a_plugin_is_started() {
    works_without(&["EPERM"], &["prctl/PR_SET_PDEATHSIG", "prctl/PR_GET_PDEATHSIG"]);
}

#[test]
fn descriptors_of_the_host_are_closed_one_by_one_if_not_in_a_range() {
    works_without(&["EPERM", "ENOSYS"], &["close_range"]);
}

#[test]
fn a_program_that_cannot_be_run_by_its_descriptor_is_run_by_the_link_to_it() {
    works_without(&["EPERM", "ENOSYS"], &["execveat"]);
}

#[test]
fn without_file_events_the_folder_is_looked_at() {
    works_without(&["EPERM"], &["inotify_init1"]);
    works_without(&["ENOSYS"], &["inotify_add_watch"]);
}

#[test]
fn what_is_only_convenient_can_be_missing() {
    let calls = ["flock", "getrandom", "statx", "faccessat2", "memfd_create", "sched_getaffinity"];
    works_without(&["ENOSYS"], &calls);
}

#[test]
fn an_old_filter_of_containers_refuses_nothing_that_is_needed() {
    run_test(async |env| {
        let refused = ["clone3", "pidfd_open", "pidfd_send_signal", "close_range", "faccessat2"];
        let inner = refuse(env, "EPERM", &refused[1..]);
        let mut command = env.command(REFUSE);
        command.args(["ENOSYS", refused[0], "--"]).arg(inner.get_program()).args(inner.get_args());
        assert_all_work(&findings(env, &mut command), "an old filter");
    });
}

#[test]
fn a_call_for_which_there_is_no_other_way_is_named_with_the_remedy() {
    for (refused, named) in [
        (&["clone/CLONE_VFORK"][..], "clone"),
        (&["setpgid"], "setpgid"),
        (&["fchmod"], "fchmod"),
        (&["clone/CLONE_PIDFD", "pidfd_open", "waitid"], "waitid"),
    ] {
        run_test(async |env| {
            let findings = findings(env, &mut refuse(env, "EPERM", refused));
            let named = format!("the system refuses {named}: Operation not permitted (os error 1)");
            let remedy = "the seccomp filter of a container or service has to allow it";
            assert_says(&findings, "load", &[&named, remedy]);
            assert_says(&findings, "children", &["ok"]);
        });
    }
}

#[test]
fn a_peer_that_cannot_be_identified_is_refused() {
    run_test(async |env| {
        let findings = findings(env, &mut refuse(env, "EPERM", &["getsockopt/SO_PEERCRED"]));
        assert_says(&findings, "load", &["the system refuses getsockopt(SO_PEERCRED): "]);
    });
}

#[test]
fn a_filter_that_keeps_c_libraries_from_making_threads_is_named() {
    run_test(async |env| {
        let findings = findings(env, &mut refuse(env, "EPERM", &["clone3"]));
        let [only] = &findings[..] else {
            // A C library that does not know the call is not kept from anything.
            return assert_all_work(&findings, "a library that does not use clone3");
        };
        let parts = ["the system gives no thread: ", "has to answer ENOSYS"];
        assert_says(std::slice::from_ref(only), "start", &parts);
    });
}

#[test]
fn a_sandbox_that_is_refused_is_named_and_the_plugin_not_started() {
    for (call, part) in [
        ("landlock_create_ruleset", "or a seccomp filter refuses it"),
        ("landlock_restrict_self", "the system refuses landlock_restrict_self: "),
        ("prctl/PR_SET_SECCOMP", "the kernel has no filters of system calls (seccomp)"),
        ("prctl/PR_SET_NO_NEW_PRIVS", "the system refuses prctl(PR_SET_NO_NEW_PRIVS): "),
    ] {
        run_test(async |env| {
            let mut findings = findings(env, &mut refuse(env, "EPERM", &[call]));
            if findings.iter().any(|line| line.contains("the kernel has no Landlock"))
                && call != "landlock_create_ruleset"
            {
                return;
            }
            assert_says(&findings, "sandbox", &[part]);
            findings.iter_mut().filter(|line| line.starts_with("sandbox")).for_each(|line| {
                "sandbox: ok".clone_into(line);
            });
            assert_all_work(&findings, call);
        });
    }
}
