use super::*;

#[tokio::test]
async fn only_an_activation_that_succeeds_pins_the_plugin() {
    let lifecycle = Arc::new(Lifecycle::new());
    let is_abandoned = || lifecycle.0.borrow().is_abandoned();
    let failing = lifecycle.begin_pin();
    lifecycle.activate(|| async { anyhow::bail!("a test's own") }).await.unwrap_err();
    drop(failing);
    lifecycle.attach(7);
    lifecycle.activate(|| async { Ok(()) }).await.unwrap();
    assert!(!is_abandoned());
    lifecycle.detach(7);
    assert!(is_abandoned());

    let pin = lifecycle.begin_pin();
    assert!(!is_abandoned());
    drop(pin);
    assert!(is_abandoned());
    lifecycle.begin_pin().keep();
    assert!(!is_abandoned());
}

/// What `until` says of work that never ends, once the lifecycle has come to `Phase::Closing` by
/// way of another change.
async fn closed_beside(work: impl Future<Output = ()> + Send + 'static) -> Option<()> {
    let lifecycle = Arc::new(Lifecycle::new());
    let watched = Arc::clone(&lifecycle);
    let waiting = tokio::spawn(async move { watched.until(Phase::Closing, work).await });
    for phase in [Phase::Stopping, Phase::Closing] {
        tokio::task::yield_now().await;
        lifecycle.advance(phase);
    }
    tokio::time::timeout(limits::CALL_TIMEOUT, waiting).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_phase_is_noticed_while_work_waits_for_something_else() {
    assert_eq!(closed_beside(std::future::pending()).await, None);
}

#[tokio::test]
async fn a_phase_is_noticed_beside_work_that_uses_up_the_budget_of_its_task() {
    let busy = async {
        loop {
            tokio::task::coop::consume_budget().await;
        }
    };
    assert_eq!(closed_beside(busy).await, None);
}
