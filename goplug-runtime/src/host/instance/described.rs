//! What an instance says of itself with its schemas, which the answer to its activation leaves out.

use std::sync::Arc;

use tokio::time::Instant;

use super::described_by::is_of;
use super::shared::Instance;
use crate::host::connection::{Admission, SendError};
use crate::http1::{Request, Response};
use crate::limits;
use crate::protocol::Descriptor;

impl Instance {
    /// The descriptor with schemas. The first call asks the plugin, within
    /// [`limits::DESCRIBE_TIMEOUT`]. A plugin that does not answer has the descriptor without schemas,
    /// and is asked again by the next call. Cancel safe.
    pub(in crate::host) async fn describe(&self) -> Arc<Descriptor> {
        if let Some(known) = self.described() {
            return Arc::clone(known);
        }
        let deadline = Instant::now() + limits::DESCRIBE_TIMEOUT;
        let request = Request::describe();
        let sent = self.endpoint().send(&request, deadline, Admission::Control, || false).await;
        self.note_described(sent)
    }

    /// The descriptor with schemas if it is known, else the one without.
    pub(in crate::host) fn known_descriptor(&self) -> Arc<Descriptor> {
        Arc::clone(self.described().unwrap_or_else(|| self.descriptor()))
    }

    /// As [`Instance::describe`], but blocks the caller's thread.
    pub(in crate::host) fn describe_blocking(&self) -> Arc<Descriptor> {
        if let Some(known) = self.described() {
            return Arc::clone(known);
        }
        let deadline = Instant::now() + limits::DESCRIBE_TIMEOUT;
        let sent =
            self.endpoint().send_blocking(&Request::describe(), deadline, Admission::Control);
        self.note_described(sent)
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

    fn note_described(&self, sent: Result<Response, SendError>) -> Arc<Descriptor> {
        let Ok(response) = sent else { return Arc::clone(self.descriptor()) };
        let described = read(&response).filter(|it| is_of(it, self.descriptor()));
        let described = described.map_or_else(|| Arc::clone(self.descriptor()), Arc::new);
        Arc::clone(self.described.get_or_init(|| described))
    }
}

fn read(response: &Response) -> Option<Descriptor> {
    if response.status != 200 {
        return None;
    }
    serde_json::from_slice(&response.body).ok()
}
