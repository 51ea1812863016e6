//! What JSON would lose of a type that has another name; see [`ErrorKind`](super::ErrorKind).

use std::marker::PhantomData;

use bytes::Bytes;
use futures_core::Stream;

/// Asks the compiler what would be lost of a value of type `T`.
#[derive(Debug)]
pub struct LossOf<T>(PhantomData<T>);

impl LossOf<Vec<u8>> {
    /// It is bytes.
    pub const BYTES: bool = true;
}

impl LossOf<Bytes> {
    /// It is bytes.
    pub const BYTES: bool = true;
}

impl<T> LossOf<Option<Option<T>>> {
    /// `Some(None)` would arrive as `None`.
    pub const SOME: bool = true;
}

impl LossOf<Option<()>> {
    /// `Some(())` would arrive as `None`.
    pub const SOME: bool = true;
}

impl<T: Stream> LossOf<T> {
    /// It is a stream.
    pub const STREAM: bool = true;
}

/// The constants of [`LossOf`] for all other types.
pub trait NoLoss {
    /// It is not bytes.
    const BYTES: bool = false;
    /// JSON tells each `Some` from `None`, as far as the type shows.
    const SOME: bool = false;
    /// It is no stream.
    const STREAM: bool = false;
}

impl<T> NoLoss for LossOf<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    type Blob = Vec<u8>;
    type Maybe<T> = Option<Option<T>>;
    type Nothing = ();
    type Lines = std::pin::Pin<Box<dyn Stream<Item = u8>>>;

    #[test]
    fn the_compiler_sees_through_aliases() {
        const { assert!(LossOf::<Blob>::BYTES) };
        const { assert!(LossOf::<Bytes>::BYTES) };
        const { assert!(!LossOf::<Vec<u16>>::BYTES) };
        const { assert!(LossOf::<Maybe<u8>>::SOME) };
        const { assert!(LossOf::<Option<Nothing>>::SOME) };
        const { assert!(!LossOf::<Option<Blob>>::SOME) };
        const { assert!(LossOf::<Lines>::STREAM) };
        const { assert!(!LossOf::<Blob>::STREAM) };
    }
}
