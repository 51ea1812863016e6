//! What a host passes to a plugin's activation hook.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::protocol::null;
use crate::typed::declare::check::ConfigurationType;
use crate::typed::declare::{Unmet, never};

/// The configuration that a host passes to a plugin's activation hook.
///
/// It may hold secrets: `Debug` shows its length.
#[derive(Clone, Default)]
pub struct Configuration {
    body: Bytes,
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration").field("len", &self.body.len()).finish()
    }
}

impl Configuration {
    /// The body of an `Activate` request.
    pub fn new(body: Bytes) -> Self {
        Self { body }
    }

    /// The configuration as bytes; empty if the host has none.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Decodes the configuration. An empty body reads as `null`.
    ///
    /// # Errors
    /// The error of the decoder, with the position in the text.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(null::for_empty(&self.body))
    }

    /// Decodes the configuration for an activation hook; `ty` is the hook's spelling of the type.
    ///
    /// # Errors
    /// Its text mentions the configuration, the expected type, and the position in the text.
    #[doc(hidden)]
    pub fn read<T: ConfigurationType>(&self, ty: &str) -> anyhow::Result<T> {
        self.parse().map_err(|error| {
            if self.body.is_empty() {
                anyhow::anyhow!("the host gave no configuration, and a `{ty}` is expected")
            } else {
                anyhow::anyhow!("the configuration is not a `{ty}`: {error}")
            }
        })
    }
}

/// A configuration of this type, in generated code; see [`Unmet`].
#[derive(Debug)]
pub struct Configured<'a, T>(&'a Configuration, PhantomData<fn() -> T>);

impl Configuration {
    /// The configuration as this type, not decoded yet.
    #[doc(hidden)]
    pub fn configured<T>(&self) -> Configured<'_, T> {
        Configured(self, PhantomData)
    }
}

impl<T: ConfigurationType> Configured<'_, T> {
    /// As [`Configuration::read`].
    ///
    /// # Errors
    /// As [`Configuration::read`].
    pub fn read(&self, ty: &str) -> anyhow::Result<T> {
        self.0.read(ty)
    }
}

impl<T> Deref for Configured<'_, T> {
    type Target = Unmet<T>;
    fn deref(&self) -> &Unmet<T> {
        &const { Unmet::new() }
    }
}

impl<T> Unmet<T> {
    /// Of a configuration that cannot be decoded.
    ///
    /// # Errors
    /// None.
    pub fn read(&self, _: &str) -> anyhow::Result<T> {
        never!()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_does_not_fit_is_named_with_its_type() {
        let given = Configuration::new(Bytes::from_static(br#"{"depth":"x"}"#));
        let error = given.read::<Vec<u8>>("Depths").unwrap_err().to_string();
        assert!(error.starts_with("the configuration is not a `Depths`: "), "{error}");
        assert_eq!(format!("{given:?}"), "Configuration { len: 13 }");
        let none = Configuration::default().read::<u8>("Depth").unwrap_err().to_string();
        assert!(none.contains("no configuration") && none.contains("`Depth`"), "{none}");
        assert_eq!(Configuration::default().read::<Option<u8>>("Option<u8>").unwrap(), None);
    }
}
