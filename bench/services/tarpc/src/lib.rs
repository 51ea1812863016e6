//! The service of the tarpc peer.
//!
//! It is a crate of its own because vox is a dependency of the benchmark's crate: a trait
//! implementation in a dependency of vox makes types in tarpc's generated code ambiguous.

use bytes::Bytes;

/// The methods that every peer's plugin has.
#[tarpc::service]
pub trait Adder {
    async fn add(a: i64, b: i64) -> i64;
    async fn echo(bytes: Bytes) -> Bytes;
    async fn take(bytes: Bytes) -> u64;
    async fn slow();
}
