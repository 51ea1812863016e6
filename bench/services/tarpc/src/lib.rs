//! The service of the tarpc peer.
//!
//! It is not among the peers because vox is: an implementation in what that depends on makes
//! the compiler take tarpc's generated types for ambiguous.

use bytes::Bytes;

/// What every peer's other process does.
#[tarpc::service]
pub trait Adder {
    async fn add(a: i64, b: i64) -> i64;
    async fn echo(bytes: Bytes) -> Bytes;
    async fn take(bytes: Bytes) -> u64;
    async fn slow();
}
