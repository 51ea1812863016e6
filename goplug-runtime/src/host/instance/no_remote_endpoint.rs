//! What stands in the place of `remote_endpoint` without the feature `remote`. The file of such a plugin is
//! rejected when it is read, so this is never asked for.

use super::failed_start::StartError;
use crate::host::connection::Endpoint;
use crate::host::install::Installation;
use crate::host::policy::Policy;
use crate::protocol::RemoteUrl;

/// # Errors
/// [`Error::Rejected`](crate::Error::Rejected), always.
#[expect(clippy::unused_async, reason = "with the feature, it waits for files")]
pub(super) async fn endpoint(
    installation: &Installation,
    _: &Policy,
    url: RemoteUrl,
) -> Result<Endpoint, StartError> {
    let reason = format!("{url}: this host was built without the feature `remote` of goplug");
    Err(installation.rejected(reason).into())
}
