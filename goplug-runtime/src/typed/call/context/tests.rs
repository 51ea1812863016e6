use std::future::{pending, ready};

use super::*;

fn of_call() -> Scope {
    Scope::of_call(None, Inherited::default())
}

#[tokio::test]
async fn the_code_of_a_call_finds_its_context_and_no_other_code_does() {
    assert!(CallContext::current().is_none());
    let found = Box::pin(async { (CallContext::current(), CallContext::current()) });
    let (Some(one), Some(other)) = of_call().run(found).await else { panic!("no context") };
    assert!(one.is_cancelled() && other.is_cancelled());
    assert!(CallContext::current().is_none());
    assert!(Scope::of_plugin(None).enter(CallContext::current).is_none());
}

#[test]
fn a_scope_within_another_hides_it_until_it_is_left() {
    let mut outer = of_call();
    outer.enter(|| {
        let context = CallContext::current().unwrap();
        let mut inner = of_call();
        let hidden = inner.enter(|| CallContext::current().unwrap());
        drop(inner);
        assert!(hidden.is_cancelled() && !context.is_cancelled());
        assert!(CallContext::current().is_some());
    });
}

#[test]
fn dropping_the_scope_ends_the_call_and_dropping_that_of_a_thread_does_not() {
    let mut scope = of_call();
    let (context, mut of_thread) =
        scope.enter(|| (CallContext::current().unwrap(), Scope::current()));
    let of_same_call = of_thread.enter(|| CallContext::current().unwrap());
    drop(of_thread);
    assert!(!of_same_call.is_cancelled());
    drop(scope);
    assert!(of_same_call.is_cancelled() && context.is_cancelled());
}

#[test]
fn a_future_is_dropped_within_its_scope() {
    struct InScope;
    impl Drop for InScope {
        fn drop(&mut self) {
            assert!(CallContext::current().is_some());
        }
    }
    let value = InScope;
    let future = Box::pin(async move {
        let _value = value;
        pending::<()>().await;
    });
    drop(of_call().run(future));
    drop(of_call().run(ready(())));
}
