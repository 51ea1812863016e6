//! What the gateway and its plugins agree on.
//!
//! A plugin that fulfils [`Inbox`] is a route of the gateway: what is posted to `/NAME` goes to the plugin
//! `gateway.NAME`, and `/NAME/events` tells what comes of it. In the other direction, the gateway fulfils
//! [`Ledger`] for its plugins.

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
    /// Its number in the ledger of the gateway.
    pub number: u64,
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
    /// It could not be entered in the ledger.
    #[error("{name} has no number: {reason}")]
    NotEntered {
        /// The name of the file.
        name: String,
        /// Why not.
        reason: String,
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

/// What the gateway provides for its plugins. It outlives their processes.
#[goplug::plugin]
pub trait Ledger {
    /// Enters a file, and returns its number. No two files have the same.
    #[goplug::method]
    async fn enter(&self, request: &str, name: &str) -> u64;
}
