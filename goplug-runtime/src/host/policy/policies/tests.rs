use super::*;

#[test]
fn a_plugin_in_a_sandbox_is_killed_when_its_host_has_ended_unless_the_policy_says_otherwise() {
    use ParentDeathSignal::{Kill, Terminate};
    let confined = || Policy::default().sandbox(Sandbox::new());
    assert_eq!(Policy::default().death_signal(), Terminate);
    assert_eq!(confined().death_signal(), Kill);
    assert_eq!(Policy::default().parent_death_signal(Kill).death_signal(), Kill);
    assert_eq!(confined().parent_death_signal(Terminate).death_signal(), Terminate);
}
