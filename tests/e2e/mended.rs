//! Plugins that do not start, and are started once what was wrong beside their files is mended.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goplug::{Event, Restart};
use goplug_tests::fixtures::calculator::Calculator;

use crate::test_env::{
    CALCULATOR, Kind, TestEnv, copy_program, is, kill, pconf, read_until, run_test,
};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Installs the calculator with its program in a folder of its own; returns that folder.
fn install_in_a_folder(env: &TestEnv) -> PathBuf {
    let folder = env.folder().join("bin");
    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o755);
    copy_program(CALCULATOR, &folder.join("calculator"));
    set_mode(env.folder().as_path(), 0o755);
    env.put_pconf("math.Calculator.pconf", &pconf::<Calculator>("bin/calculator"));
    folder
}

#[test]
fn a_plugin_that_is_rejected_for_the_mode_of_a_folder_is_loaded_once_that_is_mended() {
    run_test(async |env| {
        let folder = install_in_a_folder(env);
        set_mode(&folder, 0o777);
        let registry = env.watching().await;
        let mut events = registry.events();
        let rejected = |event: &Event| matches!(event, Event::Rejected { .. });
        let seen = read_until(&mut events, "the rejection", rejected).await;
        let Some(Event::Rejected { reason, .. }) = seen.last() else { unreachable!() };
        assert!(reason.contains("every user may write it (mode 0777)"), "{reason}");

        set_mode(&folder, 0o755);
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        assert!(registry.rejected().is_empty());
    });
}

#[test]
fn a_plugin_that_was_given_up_for_the_mode_of_a_folder_is_loaded_once_that_is_mended() {
    run_test(async |env| {
        let folder = install_in_a_folder(env);
        let restart = Restart::transient().intensity(2, Duration::from_secs(60));
        let restart = restart.backoff(Duration::from_millis(1), Duration::from_millis(1));
        let registry = env.registry().restart(restart).auto_discover(true).start().await.unwrap();
        let mut events = registry.events();
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;

        set_mode(&folder, 0o777);
        let plugin = registry.get("Calculator", "math").unwrap();
        kill(plugin.process_id().unwrap());
        let given_up = |event: &Event| matches!(event, Event::GivenUp { .. });
        read_until(&mut events, "the end of the restarts", given_up).await;

        set_mode(&folder, 0o755);
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
        assert_eq!(plugin.execute("add", r#"{"a":2,"b":3}"#).await.unwrap(), "5");
    });
}

#[test]
fn a_program_that_could_not_be_looked_at_is_started_once_it_can() {
    run_test(async |env| {
        let link = env.folder().join("program");
        std::os::unix::fs::symlink("program", &link).unwrap();
        env.install::<Calculator>("./program");
        let registry = env.watching().await;
        let mut events = registry.events();
        let rejected = |event: &Event| matches!(event, Event::Rejected { .. });
        read_until(&mut events, "the rejection", rejected).await;
        copy_program(CALCULATOR, &env.folder().join(".program"));
        fs::rename(env.folder().join(".program"), &link).unwrap();
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
    });
}
