//! A plugin that serves a network: how this host knows that it is there, and what it is.
//!
//! No connection stands for such a plugin: balancers and pools have those. So the host asks for the
//! descriptor, at an interval and when a call has found something wrong with the way. The plugin is not
//! activated, configured or stopped from here: whoever serves it does that.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::activate::{ActivationError, describe};
use super::exit::Exit;
use super::failed_start::{StartCause, StartError};
use super::shared::Instance;
use crate::error::Error;
use crate::host::connection::{Admission, Endpoint};
use crate::host::install::Installation;
use crate::host::policy::Policy;
use crate::http1::Request;
use crate::limits;
use crate::protocol::{Descriptor, Dialect, wire};

/// The shortest time between two questions.
const MIN_PAUSE: Duration = Duration::from_millis(100);

/// How this host knows a plugin that serves a network.
pub(super) struct RemoteLink {
    installation: Arc<Installation>,
    /// How long an answer may take.
    timeout: Duration,
    /// The token of this host.
    host: String,
    /// How many questions in a row were in vain.
    failed: u32,
    /// When the next question is due.
    next: Instant,
    is_replaced: bool,
}

impl RemoteLink {
    /// Asks the plugin what it offers, until the deadline.
    ///
    /// # Errors
    /// [`Error::Start`], with what is wrong on the way or with the answer.
    pub(super) async fn new(
        installation: Arc<Installation>,
        policy: &Policy,
        endpoint: &Endpoint,
        host: &str,
        deadline: Instant,
    ) -> Result<(Self, (Dialect, Descriptor)), StartError> {
        let described = describe(&installation, endpoint, policy.start_timeout, deadline).await;
        let described = described.map_err(|error| {
            let cause = match &error {
                ActivationError::Broken(error) => StartCause::of(error),
                ActivationError::TimedOut(_) => StartCause::TimedOut,
                ActivationError::Refused(_) => StartCause::Other,
            };
            let reason = at(endpoint, &error);
            cause.with(Error::Start { id: installation.id().clone(), reason, stderr: Vec::new() })
        })?;
        let link = Self {
            installation,
            timeout: policy.start_timeout,
            host: host.into(),
            failed: 0,
            next: Instant::now() + limits::REMOTE_PROBE,
            is_replaced: false,
        };
        Ok((link, described))
    }

    /// Whether a plugin of another version is in its place.
    pub(super) fn is_replaced(&self) -> bool {
        self.is_replaced
    }

    /// Waits until the plugin is lost, or another version is in its place. Cancel safe.
    pub(super) async fn wait(&mut self, instance: &Instance) -> Exit {
        let endpoint = instance.endpoint();
        loop {
            self.wait_until_due(endpoint).await;
            let deadline = Instant::now() + self.timeout;
            match describe(&self.installation, endpoint, self.timeout, deadline).await {
                Ok((_, descriptor)) if descriptor == **instance.descriptor() => {
                    (self.failed, self.next) = (0, Instant::now() + limits::REMOTE_PROBE);
                }
                Ok(_) => {
                    self.is_replaced = true;
                    return Exit::because("another version has taken its place");
                }
                Err(error) => {
                    self.failed += 1;
                    self.next = Instant::now() + MIN_PAUSE * (1 << self.failed.min(8));
                    let is_final = matches!(error, ActivationError::Refused(_));
                    if is_final || self.failed >= limits::REMOTE_PROBES {
                        let reason = at(endpoint, &error);
                        return Exit::because(format!("connection lost: {reason}"));
                    }
                }
            }
        }
    }

    /// Waits for the time of the next question, or for a call that has found something wrong.
    async fn wait_until_due(&mut self, endpoint: &Endpoint) {
        let Some(remote) = endpoint.remote() else { return std::future::pending().await };
        if self.failed == 0 {
            tokio::select! {
                () = sleep_until(self.next) => {}
                () = remote.trouble() => self.next = self.next.min(Instant::now() + MIN_PAUSE),
            }
            remote.renew().await;
        }
        sleep_until(self.next).await;
    }

    /// Tells the plugin that this host listens to none of its callbacks any more.
    pub(super) async fn unregister(&self, endpoint: &Endpoint, deadline: Instant) {
        let request = Request {
            content_type: Some(wire::JSON),
            headers: &[wire::GOPLUG_2, (wire::HEADER_HOST, &self.host)],
            ..Request::new(wire::REGISTER_CALLBACK, b"[]")
        };
        // If it does not hear this, it forgets the host after a while.
        let sending = endpoint.send(&request, deadline, Admission::Control, || false);
        drop(timeout(self.timeout, sending).await);
    }
}

/// What is wrong, and where.
fn at(endpoint: &Endpoint, error: &ActivationError) -> String {
    let reason = match error {
        ActivationError::Broken(error) => error.to_string(),
        ActivationError::TimedOut(after) => format!("it did not say what it is within {after:?}"),
        ActivationError::Refused(reason) => reason.clone(),
    };
    format!("{}: {reason}", endpoint.url().unwrap_or_default())
}
