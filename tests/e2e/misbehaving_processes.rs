//! Plugins that stop their own process by a signal, or use up the files that it may have open.

use goplug::Error;
use goplug_tests::fixtures::misbehaving::Mode;

use crate::misbehaving::{outcomes, start_error};

#[test]
fn a_plugin_that_is_stopped_before_it_listens_is_refused_at_the_deadline_with_the_reason() {
    let text = start_error(Mode::StoppedAtOnce);
    let begin = "hard.Misbehaving did not start: its activation took longer than 2s: its process ";
    assert!(text.starts_with(begin) && text.contains("is stopped (state T)"), "{text}");
}

#[test]
fn a_call_that_stops_the_process_ends_at_its_deadline_with_the_reason() {
    let outcomes = outcomes(Mode::StoppedByCall);
    for error in [outcomes.call.unwrap_err(), outcomes.ping.unwrap_err()] {
        let Error::Deadline { reason: Some(reason), .. } = &error else { panic!("{error:?}") };
        assert!(reason.contains("is stopped (state T)"), "{reason}");
    }
}

#[test]
fn a_plugin_that_leaks_descriptors_is_stopped_like_any_other() {
    let outcomes = outcomes(Mode::LeaksDescriptors);
    assert_eq!(outcomes.call.unwrap(), "input");
}

#[test]
fn a_plugin_that_leaves_its_process_group_is_killed_like_any_other() {
    for mode in [Mode::JoinsHost, Mode::LeavesSession] {
        let outcomes = outcomes(mode);
        assert_eq!(outcomes.call.unwrap(), "input", "{mode:?}");
    }
}
