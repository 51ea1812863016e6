use std::future::{pending, ready};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::typed::{CallbackKind, Emission, Payload};

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

/// Looks for the plugins of this process when it is dropped, as a handler's captures may.
struct Looking;

impl Drop for Looking {
    fn drop(&mut self) {
        drop(only(|plugin| plugin == TypeId::of::<Self>()));
    }
}

impl Notifier for Looking {
    fn emit_at_once(&self, _: &str, _: Payload<'_>) -> bool {
        false
    }

    fn emit<'a>(&'a self, _: &'a str, _: Payload<'a>, _: CallbackKind) -> Emission<'a> {
        Box::pin(ready(Ok(Bytes::new())))
    }
}

#[test]
fn the_last_of_a_notifier_is_dropped_without_the_lock() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let mut first = Some(Arc::new(Looking));
        let second = Arc::new(Looking);
        for notifier in first.iter().chain([&second]) {
            Context::new(TypeId::of::<Looking>(), Arc::clone(notifier) as _).announce();
        }
        // The owner of the first drops it once the search has found it.
        let (first, found) = (std::cell::RefCell::new(first.take()), std::cell::Cell::new(0));
        let is_meant = |plugin| {
            let is_meant = plugin == TypeId::of::<Looking>();
            found.set(found.get() + u32::from(is_meant));
            if found.get() == 2 {
                drop(first.take());
            }
            is_meant
        };
        assert!(matches!(only(is_meant), Err(Missing::Several)));
        drop(second);
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(60)).unwrap();
}
