//! What the gateway and its plugins agree on.
//!
//! A plugin that fulfils [`Inbox`] is a route of the gateway: what is posted to `/NAME` goes to the plugin
//! `gateway.NAME`, and `/NAME/events` tells what comes of it.

use goplug::{Bytes, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The namespace of the plugins that are routes.
pub const NAMESPACE: &str = "gateway";

/// What a plugin says of a file that it has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// The id of the request that brought the file.
    pub request: String,
    /// The name of the file.
    pub name: String,
    /// Its length, in bytes.
    pub length: u64,
    /// How many lines it has.
    pub lines: u64,
    /// The process that has read it: another one after an upgrade.
    pub process: u32,
}

/// Why a plugin does not take a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
pub enum Refusal {
    /// There is nothing in it.
    #[error("{name} is empty")]
    Empty {
        /// The name of the file.
        name: String,
    },
    /// It is no text.
    #[error("{name} is no text: byte {at} is not UTF-8")]
    NoText {
        /// The name of the file.
        name: String,
        /// The first byte that is not UTF-8.
        at: u64,
    },
}

/// Takes files, and tells of them.
#[goplug::plugin]
pub trait Inbox {
    /// Takes a file. Its content travels beside the other arguments, as it is.
    #[goplug::method(idempotent)]
    async fn post(&self, request: &str, name: &str, content: Bytes) -> Result<Receipt, Refusal>;

    /// The receipts of all files from now on.
    #[goplug::method]
    fn events(&self) -> impl Stream<Item = Receipt>;
}
