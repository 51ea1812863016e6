//! Values to bodies and back: JSON, or bytes as they are.
//!
//! Everything here is pure. [`arguments`] defines what can be sent, [`decode`] reads it.
//! [`fast_args`] and [`json_int`] are fast paths in front of serde_json, and may be removed
//! without a change of behaviour. [`beside`] has the bytes that JSON leaves out, [`request_items`] the streams. Start with [`arguments`]. The room imports from `declare`.

mod arguments;
mod beside;
mod decode;
mod encode;
mod fast_args;
mod json_int;
mod media_type;
mod piece;
mod position;
mod request_items;
mod result;
mod scratch;
mod sent_item;
#[cfg(test)]
mod tests;
mod tuples;
mod turn;
mod with_items;

pub use arguments::{Arguments, EncodeArguments, EncodeError};
pub use beside::{Beside, FromPart, IntoPart, WithBytes, with_bytes};
pub(super) use decode::decode;
pub(super) use encode::{encode, unwritable};
pub(super) use json_int::from_json;
pub use media_type::MediaType;
pub(super) use piece::{ItemError, Piece};
pub(crate) use request_items::RequestPiece;
pub use request_items::{RequestItems, SentItems};
pub use result::{DecodeResult, Json, Raw};
pub(super) use scratch::written;
pub use sent_item::SentItem;
pub(super) use turn::Turn;
pub use with_items::{WithItems, with_items};
