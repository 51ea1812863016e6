//! A type that is a plugin.

use super::permissions::PermissionsSpec;

/// A type that is a plugin. `#[goplug::plugin]` implements this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin",
    label = "not a plugin",
    note = "put `#[goplug::plugin]` on the struct, or on its `impl` block"
)]
pub trait PluginType: Sized + Send + Sync + 'static {
    /// The plugin's name.
    const NAME: &'static str;
    /// Its namespace; may be empty.
    const NAMESPACE: &'static str;
    /// Its semantic version.
    const VERSION: &'static str;
    /// Its URL, if it is not the default.
    const URL: Option<&'static str>;
    /// Whether the plugin is loaded only on request.
    const LAZY_LOAD: bool;
    /// What it asks of its host beside services.
    const PERMISSIONS: PermissionsSpec = PermissionsSpec::NONE;
    /// Makes the value that the plugin's methods share; `None` if the activation hook builds it.
    fn create() -> Option<Self>;
}
