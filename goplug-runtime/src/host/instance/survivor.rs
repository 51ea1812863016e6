//! A process that was killed and has not ended.
//!
//! The system may not let this host kill it, since it runs as another user now; or it may be in a call of the
//! system that nothing interrupts, of a disk that does not answer, for example. Somebody may mend that, so
//! it is killed again and again.

use super::exit::Exit;
use super::process::{Process, Unended};
use crate::error::Error;
use crate::limits;
use crate::protocol::PluginId;
use crate::transport::ProcessState;

/// A process that was killed and has not ended. If it is dropped, a thread of the transport goes on to kill
/// and reap it.
pub(in crate::host) struct Survivor {
    process: Process,
    /// Why it has not ended, for people.
    reason: String,
}

impl From<Unended> for Survivor {
    fn from(Unended { process, refused }: Unended) -> Self {
        let id = process.id();
        let reason = match refused {
            Some(error) => format!("its process {id} cannot be killed: {error}"),
            None => ProcessState::of(id).explain(id).unwrap_or_else(|| {
                format!(
                    "its process {id} was killed, and has not ended within {:?}",
                    limits::KILL_TIMEOUT
                )
            }),
        };
        Self { process, reason }
    }
}

impl Survivor {
    /// The error of an operation that was to end it.
    pub(in crate::host) fn error(&self, id: &PluginId) -> Error {
        Error::Stop { id: id.clone(), process: self.process.id(), reason: self.reason.clone() }
    }

    /// The exit of an instance whose process this is.
    pub(super) fn exit(&self) -> Exit {
        Exit::because(&self.reason)
    }

    /// The process id.
    pub(in crate::host) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Why it has not ended, for people.
    pub(in crate::host) fn reason(&self) -> &str {
        &self.reason
    }

    /// Kills it again and again, until it has ended.
    pub(in crate::host) async fn end(mut self) {
        while tokio::time::timeout(limits::KILL_INTERVAL, self.process.wait()).await.is_err() {
            // If it still cannot be killed, perhaps it can the next time.
            drop(self.process.kill());
        }
    }
}

#[cfg(all(test, unix, feature = "plugin"))]
mod tests {
    use std::time::Duration;

    use crate::error::Error;
    use crate::host::{Event, Events, Registry};
    use crate::plugin::PluginServer;
    use crate::transport::{Inherited, ProcessState, Termination, Unkillable};

    const TEST: &str =
        "host::instance::survivor::tests::a_process_that_does_not_end_is_an_error_and_ends_later";

    /// In the role of a plugin: serves, and ignores each request to stop.
    async fn be_plugin() {
        let Inherited { listener, lifeline: _lifeline } = Inherited::claim().unwrap();
        let _termination = Termination::listen().unwrap();
        let server =
            PluginServer::builder("Stays").on_stop(std::future::pending::<()>).build().unwrap();
        server.start_on(listener.unwrap()).await.unwrap();
        std::future::pending().await
    }

    async fn next(events: &mut Events, wanted: impl Fn(&Event) -> bool) -> Event {
        let search = async {
            loop {
                let event = events.next().await.unwrap();
                if wanted(&event) {
                    return event;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), search).await.expect("the event comes")
    }

    async fn until_ended(process: u32) {
        while ProcessState::of(process) != ProcessState::Exiting {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn a_process_that_does_not_end_is_an_error_and_ends_later() {
        if std::env::var_os(crate::protocol::wire::ENV_SOCK).is_some() {
            return be_plugin().await;
        }
        let folder = tempfile::tempdir().unwrap();
        let own = std::env::current_exe().unwrap();
        let exec = serde_json::json!([own, TEST, "--exact", "--nocapture"]);
        let pconf = serde_json::json!({"Name": "Stays", "Protocol": 2, "Exec": exec});
        std::fs::write(folder.path().join("Stays.pconf"), pconf.to_string()).unwrap();
        let builder = Registry::builder(folder.path()).stop_timeout(Duration::from_millis(10));
        let registry = builder.start().await.unwrap();
        let mut events = registry.events();

        let plugin = registry.load("Stays", "").await.unwrap();
        let pid = plugin.process_id().unwrap();
        let unkillable = Unkillable::new(pid);
        let error = plugin.unload().await.unwrap_err();
        let text = error.to_string();
        let expected = format!("Stays did not stop: its process {pid} cannot be killed: ");
        assert!(text.starts_with(&expected), "{text}");
        let Error::Stop { process, .. } = error else { panic!("{error:?}") };
        assert_eq!(process, pid);
        let event = next(&mut events, |event| matches!(event, Event::StopFailed { .. })).await;
        let Event::StopFailed { process, .. } = event else { panic!("{event:?}") };
        assert_eq!(process, pid);
        drop(unkillable);
        next(&mut events, |event| matches!(event, Event::Stopped { .. })).await;
        assert_eq!(ProcessState::of(pid), ProcessState::Exiting);

        let plugin = registry.load("Stays", "").await.unwrap();
        let pid = plugin.process_id().unwrap();
        let unkillable = Unkillable::new(pid);
        let error = registry.stop().await.unwrap_err();
        assert!(matches!(error, Error::Stop { process, .. } if process == pid), "{error:?}");
        drop(unkillable);
        until_ended(pid).await;
    }
}
