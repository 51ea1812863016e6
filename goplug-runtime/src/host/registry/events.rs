//! What happens in a registry, as a stream of events.

use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc;

use crate::limits;
use crate::protocol::PluginId;

/// What happened in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A `.pconf` file, or an embedded plugin, was found.
    Discovered {
        /// The plugin.
        plugin: PluginId,
    },
    /// The `.pconf` of a known plugin has new content.
    Changed {
        /// The plugin.
        plugin: PluginId,
    },
    /// A plugin was started and activated.
    Loaded {
        /// The plugin.
        plugin: PluginId,
    },
    /// A plugin was unloaded; if another process has started it, it may go on. Or its process ended
    /// by itself in good order: it exited with status 0, for example since somebody else stopped it.
    Stopped {
        /// The plugin.
        plugin: PluginId,
    },
    /// A plugin's process ended without being asked to, by a signal or with a status other than 0.
    Crashed {
        /// The plugin.
        plugin: PluginId,
        /// How the process ended, for example `signal: 6 (SIGABRT)`.
        status: String,
        /// The last lines that the process wrote to standard error.
        stderr: Vec<String>,
    },
    /// A plugin that had crashed was started again and activated.
    Restarted {
        /// The plugin.
        plugin: PluginId,
    },
    /// A plugin crashed and is not restarted, although its policy asks for restarts.
    GivenUp {
        /// The plugin.
        plugin: PluginId,
        /// Why, as a text for people.
        reason: String,
    },
    /// A new process of a plugin took the place of the old one.
    Upgraded {
        /// The plugin.
        plugin: PluginId,
    },
    /// A new process of a plugin could not take the place of the old one, which stays.
    UpgradeFailed {
        /// The plugin.
        plugin: PluginId,
        /// Why, as a text for people.
        reason: String,
    },
    /// A file of the folder, or the folder itself, cannot be used. It is checked again when it
    /// changes.
    Rejected {
        /// The file, or the folder.
        path: PathBuf,
        /// Why, as a text for people.
        reason: String,
    },
    /// The host's variable `GOPLUG_ATTACH` names a process that serves the plugin, for a debugger. It is
    /// used in place of starting one, and calls to it have no deadline. It comes before each `Loaded`.
    Attached {
        /// The plugin.
        plugin: PluginId,
        /// The socket on which the process serves.
        socket: PathBuf,
    },
    /// A plugin is loaded from a program that was installed by `goplug install --dev` or `goplug dev`:
    /// no digest says which program it is, so another may take its place at any time. It comes before
    /// `Loaded`.
    InDevelopment {
        /// The plugin.
        plugin: PluginId,
    },
    /// A plugin is started although its sandbox, or a part of it, cannot be enforced. Its policy
    /// has [`OnUnsupported::Report`](crate::host::OnUnsupported::Report).
    Unconfined {
        /// The plugin.
        plugin: PluginId,
        /// What cannot be enforced and why, as a text for people.
        reason: String,
    },
    /// A typed client and a plugin work together, but something of their values is lost on the way.
    /// It comes once for each client and each process of the plugin, and is also a warning of
    /// `tracing` with the target `goplug::contract`.
    /// [`Policy::refuse_lossy_contracts`](crate::host::Policy::refuse_lossy_contracts) makes it an
    /// error.
    ContractDrift {
        /// The plugin.
        plugin: PluginId,
        /// The client's type.
        client: &'static str,
        /// Each difference, as a text of several lines for people.
        differences: Vec<String>,
    },
    /// A plugin's `.pconf` is gone.
    Removed {
        /// The plugin.
        plugin: PluginId,
    },
    /// Callbacks were lost: when the broken callback stream was resumed, the plugin had discarded
    /// them.
    CallbacksMissed {
        /// The plugin.
        plugin: PluginId,
        /// How many; 0 if the plugin did not say.
        count: u64,
    },
    /// This listener was too slow and missed this many events.
    Missed {
        /// How many.
        count: u64,
    },
}

/// A stream of the events of a registry.
///
/// The stream begins with the present state: one `Discovered` for each plugin, one `Loaded` for
/// each plugin that runs, one `Rejected` for each unusable file. Then come the events as they
/// happen. The stream ends when the registry is stopped or dropped. At most
/// [`limits::EVENT_BACKLOG`] further events wait for a slow reader; the events that it misses are
/// counted in [`Event::Missed`].
///
/// ```no_run
/// # async fn example(registry: goplug::Registry) {
/// let mut events = registry.events();
/// while let Some(event) = events.next().await {
///     if let goplug::Event::Rejected { path, reason } = event {
///         eprintln!("{}: {reason}", path.display());
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is read"]
pub struct Events(mpsc::Receiver<Event>);

impl Events {
    /// The next event; `None` when the registry was stopped or dropped. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}

impl Stream for Events {
    type Item = Event;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_recv(cx)
    }
}

/// The listeners to the events of a registry.
#[derive(Debug, Default)]
pub(super) struct Listeners(Vec<Listener>);

#[derive(Debug)]
struct Listener {
    sender: mpsc::Sender<Event>,
    /// How many events were missed since the last [`Event::Missed`].
    missed: u64,
}

impl Listeners {
    /// Adds a listener that first gets `state`.
    pub(super) fn add(&mut self, state: Vec<Event>) -> Events {
        let (sender, receiver) = mpsc::channel(limits::EVENT_BACKLOG + state.len());
        for event in state {
            // The channel has room for all of them.
            drop(sender.try_send(event));
        }
        self.0.push(Listener { sender, missed: 0 });
        Events(receiver)
    }

    /// Sends an event to every listener without waiting. Forgets the listeners that were dropped.
    pub(super) fn send(&mut self, event: &Event) {
        self.0.retain_mut(|listener| {
            if listener.missed > 0 {
                let missed = Event::Missed { count: listener.missed };
                match listener.sender.try_send(missed) {
                    Ok(()) => listener.missed = 0,
                    Err(mpsc::error::TrySendError::Full(_)) => {
                        listener.missed += 1;
                        return true;
                    }
                    Err(mpsc::error::TrySendError::Closed(_)) => return false,
                }
            }
            match listener.sender.try_send(event.clone()) {
                Ok(()) => true,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    listener.missed += 1;
                    true
                }
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            }
        });
    }

    /// Ends every stream.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(name: &str) -> Event {
        Event::Stopped { plugin: PluginId::new(name, "").unwrap() }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_listener_gets_the_state_before_the_events() {
        let mut listeners = Listeners::default();
        let mut events = listeners.add(vec![stopped("a")]);
        listeners.send(&stopped("b"));
        assert_eq!(events.next().await, Some(stopped("a")));
        assert_eq!(events.next().await, Some(stopped("b")));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_slow_listener_gets_the_number_of_missed_events() {
        let mut listeners = Listeners::default();
        let mut events = listeners.add(Vec::new());
        for _ in 0..limits::EVENT_BACKLOG + 5 {
            listeners.send(&stopped("a"));
        }
        for _ in 0..limits::EVENT_BACKLOG {
            assert_eq!(events.next().await, Some(stopped("a")));
        }
        listeners.send(&stopped("b"));
        assert_eq!(events.next().await, Some(Event::Missed { count: 5 }));
        assert_eq!(events.next().await, Some(stopped("b")));
    }
}
