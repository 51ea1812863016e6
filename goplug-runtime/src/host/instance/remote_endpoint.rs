//! The way to a plugin that serves a network, as its policy says.

use super::failed_start::{StartCause, StartError};
use crate::error::Error;
use crate::host::connection::{Access, Endpoint, RemoteEndpoint};
use crate::host::disk;
use crate::host::install::Installation;
use crate::host::policy::Policy;
use crate::limits;
use crate::protocol::RemoteUrl;

/// The endpoint of a plugin at this URL. Reads the files that the policy names.
///
/// # Errors
/// [`Error::Rejected`] for a URL that the policy does not allow; [`Error::Configuration`] if one of its
/// files is not what it is to be.
pub(super) async fn endpoint(
    installation: &Installation,
    policy: &Policy,
    url: RemoteUrl,
) -> Result<Endpoint, StartError> {
    let remote = policy.remote.clone();
    if !url.is_secure() && !url.is_loopback() && !remote.allows_plain() {
        let error = installation.rejected(format!(
            "its Url, {url}, is plain HTTP to another machine: use https, or allow it by \
             Remote::allow_plain_http where something else secures the way"
        ));
        return Err(error.into());
    }
    let is_secure = url.is_secure();
    let read = disk::run_within(limits::FOLDER_TIMEOUT, move || {
        Access::read(is_secure, remote.roots_file(), remote.client_files(), remote.token())
    });
    let access = read.await.and_then(|access| access).map_err(|error| {
        let text = format!("the access to {}: {error}", installation.id());
        StartCause::of(&error).with(Error::Configuration(text))
    })?;
    let Policy { body_limit, max_connections, .. } = *policy;
    Ok(Endpoint::Remote(RemoteEndpoint::new(url, access, body_limit, max_connections)))
}
