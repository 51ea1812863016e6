//! What the host logs, for unit tests.

use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A log that hands each event to a function, and knows no spans.
pub(in crate::host) fn on_event(
    function: impl Fn(&Event<'_>) + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    OnEvent(function)
}

struct OnEvent<F>(F);

impl<F: Fn(&Event<'_>) + Send + Sync + 'static> Subscriber for OnEvent<F> {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        self.0(event);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The fields of an event, by their names.
pub(in crate::host) fn fields(event: &Event<'_>) -> Vec<(&'static str, String)> {
    struct Fields(Vec<(&'static str, String)>);
    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.push((field.name(), format!("{value:?}")));
        }
    }
    let mut fields = Fields(Vec::new());
    event.record(&mut fields);
    fields.0
}
