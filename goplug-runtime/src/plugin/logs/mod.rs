//! The events of `tracing` of a plugin's program, as records that its host reads from standard error.
//!
//! A record is one line of JSON, whose members docs/logging.md names. Started by hand, where a person
//! reads, the program writes text instead.
//!
//! The files, each of which imports only from those before it: `fields` turns fields into JSON,
//! `filter` is what the host wants to know, `layer` writes the records, `panic_hook` makes a panic an
//! event. Start with `install`.

mod fields;
mod filter;
mod layer;
mod panic_hook;

use tracing::Subscriber;
use tracing::dispatcher::{has_been_set, set_global_default};
use tracing_log::{AsLog, LogTracer};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::{LookupSpan, Registry};

pub(super) use panic_hook::install as install_panic_hook;

/// A layer of `tracing-subscriber` that hands the events of a plugin's program to its host, each with
/// its level, target, message, fields and spans. A plugin's program has it from the start, unless its
/// own set-up installs a subscriber; this is for such a set-up.
///
/// The host says what it wants to know: the layer passes on what `GOPLUG_LOG` in the environment
/// names, which is `Policy::log_level` of the host; else what `RUST_LOG` names, else `info` and
/// above. Other layers are not affected.
///
/// A record is written at once, and blocks the thread while the pipe to the host is full. Values are
/// cut off after 8 KiB ([`limits::MAX_OUTPUT_LINE`](crate::limits::MAX_OUTPUT_LINE)).
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt;
/// use tracing_subscriber::util::SubscriberInitExt;
///
/// #[goplug::plugin(namespace = "math")]
/// pub struct Calculator;
///
/// /// Runs before the plugin serves. Further layers follow here.
/// fn set_up() -> Result<(), tracing_subscriber::util::TryInitError> {
///     tracing_subscriber::registry().with(goplug::log::layer()).try_init()
/// }
///
/// goplug::main!(Calculator, setup = set_up);
/// ```
pub fn layer<S>() -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    layer::HostLayer::new().with_filter(filter::of_environment())
}

/// Hands the events of this program to its host, unless the program has a subscriber of its own. Records
/// of the crate `log` become events as well, unless the program has a logger or does without the
/// [`layer()`].
pub(super) fn install() {
    if !has_been_set() {
        let subscriber =
            Registry::default().with(filter::of_environment()).with(layer::HostLayer::new());
        // It fails if another thread is quicker.
        let _ = set_global_default(subscriber.into());
    }
    if layer::is_writing() {
        let level = tracing::level_filters::LevelFilter::current().as_log();
        // It fails if there is a logger, and then that one gets the records.
        let _ = LogTracer::builder().with_max_level(level).init();
    }
}
