//! What an instance says of itself with its schemas, which the answer to its activation leaves out.

use std::sync::Arc;

use tokio::time::Instant;

use super::shared::Instance;
use crate::host::connection::{Admission, SendError};
use crate::host::install::Installation;
use crate::http1::{Request, Response};
use crate::limits;
use crate::protocol::{Descriptor, Dialect};

impl Instance {
    /// The descriptor with schemas. The first call asks the plugin, within
    /// [`limits::DESCRIBE_TIMEOUT`]. A plugin that does not answer has the descriptor without schemas,
    /// and is asked again by the next call. Cancel safe.
    pub(in crate::host) async fn describe(&self) -> Arc<Descriptor> {
        if let Some(known) = self.described.get() {
            return Arc::clone(known);
        }
        let deadline = Instant::now() + limits::DESCRIBE_TIMEOUT;
        let request = Request::describe();
        let sent = self.endpoint().send(&request, deadline, Admission::Control, || false).await;
        self.note_described(sent)
    }

    /// The descriptor with schemas if it is known, else the one without.
    pub(in crate::host) fn known_descriptor(&self) -> Arc<Descriptor> {
        Arc::clone(self.described.get().unwrap_or_else(|| self.descriptor()))
    }

    /// As [`Instance::describe`], but blocks the caller's thread.
    pub(in crate::host) fn describe_blocking(&self) -> Arc<Descriptor> {
        if let Some(known) = self.described.get() {
            return Arc::clone(known);
        }
        let deadline = Instant::now() + limits::DESCRIBE_TIMEOUT;
        let sent =
            self.endpoint().send_blocking(&Request::describe(), deadline, Admission::Control);
        self.note_described(sent)
    }

    fn note_described(&self, sent: Result<Response, SendError>) -> Arc<Descriptor> {
        let Ok(response) = sent else { return Arc::clone(self.descriptor()) };
        let described = read(&response).filter(|it| is_of(it, self.descriptor()));
        let described = described.map_or_else(|| Arc::clone(self.descriptor()), Arc::new);
        Arc::clone(self.described.get_or_init(|| described))
    }
}

/// The descriptor with schemas, if it is known without a question: the plugin speaks a dialect that
/// has none, it serves in this process (`is_own`), where the thread that asks may be the thread that
/// would answer, or the digest of its program says that the `.pconf` was written for it.
pub(super) fn known(
    installation: &Installation,
    (dialect, descriptor): &(Dialect, Descriptor),
    is_own: bool,
) -> Option<Arc<Descriptor>> {
    if *dialect == Dialect::GoPlug1 || is_own {
        return Some(Arc::new(descriptor.clone()));
    }
    let announced = installation.pconf.sha256().and_then(|_| installation.pconf.descriptor());
    announced.filter(|it| it.has_schemas() && is_of(it, descriptor)).map(Arc::new)
}

fn read(response: &Response) -> Option<Descriptor> {
    if response.status != 200 {
        return None;
    }
    serde_json::from_slice(&response.body).ok()
}

/// Whether this describes the same members as the answer to the activation.
fn is_of(described: &Descriptor, activated: &Descriptor) -> bool {
    let prints = |descriptor: &Descriptor| {
        let methods = descriptor.methods.iter().map(|it| (it.name.clone(), it.fingerprint.clone()));
        let callbacks = descriptor.callbacks.iter();
        let callbacks = callbacks.map(|it| (it.name.clone(), it.fingerprint.clone()));
        let mut prints: Vec<_> = methods.chain(callbacks).collect();
        prints.sort_unstable();
        prints
    };
    described.name == activated.name
        && described.namespace == activated.namespace
        && prints(described) == prints(activated)
}
