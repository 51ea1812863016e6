//! What an instance says of itself with its schemas, which the answer to its activation leaves out.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::described_by::differs;
use super::outcome::{Failure, Outcome};
use super::response;
use super::shared::Instance;
use crate::error::{Error, Result};
use crate::host::connection::{Admission, Budget, SendError};
use crate::http1::{Request, Response};
use crate::limits;
use crate::panic::contained;
use crate::protocol::{Descriptor, WrittenDefinitions, visible};

/// The request that asks for the schemas, for people.
const QUESTION: &str = "GET /";

/// How the question for the schemas ended.
enum Answer {
    /// They are known, or the plugin has none.
    Given,
    /// There is no answer, and the host may find out why.
    None(Failure),
}

impl Instance {
    /// The descriptor with schemas. The first call asks the plugin, within
    /// [`limits::DESCRIBE_TIMEOUT`]. A plugin that does not answer has the descriptor without schemas,
    /// and is asked again by the next call. Cancel safe.
    pub(in crate::host) async fn describe(&self) -> Arc<Descriptor> {
        // What went wrong is logged.
        let _ = self.learn_schemas(|| None).await;
        self.known_descriptor()
    }

    /// As [`Instance::describe`], but blocks the caller's thread.
    pub(in crate::host) fn describe_blocking(&self) -> Arc<Descriptor> {
        let _ = self.learn_schemas_blocking(|| None);
        self.known_descriptor()
    }

    /// The descriptor with schemas if it is known, else the one without.
    pub(in crate::host) fn known_descriptor(&self) -> Arc<Descriptor> {
        Arc::clone(self.described().unwrap_or_else(|| self.descriptor()))
    }

    /// Asks the plugin for its schemas, unless they are known. That it does not say them is logged,
    /// and no error. Cancel safe.
    ///
    /// `likely` gives the definitions that the plugin probably has too, once its answer is there.
    ///
    /// # Errors
    /// [`Error::Crashed`] or [`Error::Unavailable`] if the plugin has ended.
    pub(in crate::host) async fn learn_schemas<'l>(
        &self,
        likely: impl FnOnce() -> Option<&'l WrittenDefinitions>,
    ) -> Result<()> {
        if self.described().is_some() {
            return Ok(());
        }
        let budget = Budget::new(limits::DESCRIBE_TIMEOUT);
        let request = Request::describe();
        let sent =
            self.endpoint().send(&request, budget.deadline, Admission::Control, || false).await;
        match self.note_answer(sent, budget, likely()) {
            Answer::Given => Ok(()),
            Answer::None(failure) => {
                self.note_failure(Box::pin(self.failed(QUESTION, failure, budget)).await)
            }
        }
    }

    /// As [`Instance::learn_schemas`], but blocks the caller's thread.
    ///
    /// # Errors
    /// As [`Instance::learn_schemas`].
    pub(in crate::host) fn learn_schemas_blocking<'l>(
        &self,
        likely: impl FnOnce() -> Option<&'l WrittenDefinitions>,
    ) -> Result<()> {
        if self.described().is_some() {
            return Ok(());
        }
        let budget = Budget::new(limits::DESCRIBE_TIMEOUT);
        let request = Request::describe();
        let sent = self.endpoint().send_blocking(&request, budget.deadline, Admission::Control);
        match self.note_answer(sent, budget, likely()) {
            Answer::Given => Ok(()),
            Answer::None(failure) => {
                self.note_failure(self.failed_blocking(QUESTION, failure, budget))
            }
        }
    }

    /// Why the plugin did not say its schemas, for people, if it was asked in vain.
    pub(in crate::host) fn undescribed(&self) -> Option<String> {
        self.lock_undescribed().clone()
    }

    fn described(&self) -> Option<&Arc<Descriptor>> {
        if self.described.get().is_none()
            && let Some(known) = self.described_by.known(self.descriptor())
        {
            // Another caller may have been quicker.
            let _ = self.described.set(known);
        }
        self.described.get()
    }

    fn note_answer(
        &self,
        sent: Result<Response, SendError>,
        budget: Budget,
        likely: Option<&WrittenDefinitions>,
    ) -> Answer {
        let response = match sent {
            Ok(response) => response,
            Err(error) => {
                let limits = self.request_limits(budget);
                return match Outcome::new(self.id(), QUESTION, Err(error), limits) {
                    Outcome::Failed(failure) => Answer::None(failure),
                    Outcome::Done(result) => {
                        if let Err(error) = result {
                            self.warn_undescribed(error.to_string());
                        }
                        Answer::Given
                    }
                };
            }
        };
        let described = match read(&response, self.descriptor(), likely) {
            Ok(Some(described)) => {
                *self.lock_undescribed() = None;
                Arc::new(described)
            }
            Ok(None) => {
                let plugin = self.id();
                contained(|| {
                    tracing::debug!(target: "goplug::contract", %plugin, "it has no schemas");
                });
                Arc::clone(self.descriptor())
            }
            // The next answer would be the same.
            Err(reason) => {
                self.warn_undescribed(reason);
                Arc::clone(self.descriptor())
            }
        };
        // Another caller may have been quicker.
        let _ = self.described.set(described);
        Answer::Given
    }

    fn note_failure(&self, error: Error) -> Result<()> {
        self.warn_undescribed(error.to_string());
        match error {
            Error::Crashed { .. } | Error::Unfinished { .. } | Error::Unavailable { .. } => {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    fn warn_undescribed(&self, reason: String) {
        let (plugin, reason) = (self.id(), visible(&reason).into_owned());
        contained(|| {
            tracing::warn!(
                target: "goplug::contract",
                %plugin,
                "the plugin did not say its schemas, so clients are compared with its names only: \
                 {reason}"
            );
        });
        *self.lock_undescribed() = Some(reason);
    }

    fn lock_undescribed(&self) -> MutexGuard<'_, Option<String>> {
        self.undescribed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The descriptor in a response; `None` if the plugin has none beside the answer to its activation.
///
/// # Errors
/// The text says why it is none of this plugin.
fn read(
    response: &Response,
    activated: &Descriptor,
    likely: Option<&WrittenDefinitions>,
) -> Result<Option<Descriptor>, String> {
    match response.status {
        200 => {}
        // It does not know the request, as the protocol allows.
        400..=499 | 501 => return Ok(None),
        status => return Err(format!("it answered `{QUESTION}` with the status {status}")),
    }
    response::check_descriptor_size(&response.body)
        .map_err(|reason| format!("its answer to `{QUESTION}` {reason}"))?;
    let described = match likely {
        Some(likely) => likely.read(&response.body),
        None => serde_json::from_slice(&response.body),
    }
    .map_err(|error| format!("its answer to `{QUESTION}` is no descriptor: {error}"))?;
    match differs(&described, activated) {
        Some(difference) => Err(format!("its answer to `{QUESTION}` {difference}")),
        None => Ok(Some(described)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn descriptor(name: &str, fingerprint: &str) -> Descriptor {
        let method = json!({"name": "add", "fingerprint": fingerprint});
        serde_json::from_value(json!({"name": name, "namespace": "math", "methods": [method]}))
            .unwrap()
    }

    fn read_from(status: u16, body: impl Into<bytes::Bytes>) -> Result<Option<Descriptor>, String> {
        let response = Response { status, body: body.into(), ..Response::default() };
        read(&response, &descriptor("Calculator", "one"), None)
    }

    #[test]
    fn an_answer_is_taken_or_told_from_what_it_should_be() {
        let own = descriptor("Calculator", "one");
        let json = |descriptor| serde_json::to_string(&descriptor).unwrap();
        assert_eq!(read_from(200, json(own.clone())), Ok(Some(own)));
        for status in [400, 404, 405, 501] {
            assert_eq!(read_from(status, ""), Ok(None));
        }
        for (status, body, expected) in [
            (500, String::new(), "with the status 500"),
            (200, "<html>".into(), "is no descriptor"),
            (200, " ".repeat(limits::MAX_DESCRIPTOR + 1), "bytes, and a descriptor may have"),
            (200, json(descriptor("Other", "one")), "is of another plugin, math.Other"),
            (200, json(descriptor("Calculator", "two")), "than its activation said: add"),
        ] {
            let reason = read_from(status, body).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
