//! A value to JSON, or an error where the receiver would get another value.
//!
//! serde_json writes `null` for a float that is not finite, and for `Some(None)`. The receiver then
//! reads another value or fails, and cannot know why. So the sender fails, before anything is sent.
//! All functions here do nothing but forward to serde_json; the compiler removes them.

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use std::fmt;

/// A value that is written as JSON, and fails where its receiver would get another one: if a float is
/// not finite, or a `Some` would arrive as `None`.
pub(crate) struct Lossless<'a, T: ?Sized> {
    value: &'a T,
    /// Whether it is the content of a `Some`.
    in_some: bool,
}

impl<'a, T: ?Sized> Lossless<'a, T> {
    #[inline]
    pub(crate) fn of(value: &'a T) -> Self {
        Self { value, in_some: false }
    }
}

impl<T: Serialize + ?Sized> Serialize for Lossless<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, inner: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Checked { inner, in_some: self.in_some })
    }
}

/// A serializer that refuses what JSON cannot say, and leaves the rest to another one.
struct Checked<S> {
    inner: S,
    in_some: bool,
}

impl<S> Checked<S> {
    /// The serializer of a value's parts.
    #[inline]
    fn parts(inner: S) -> Self {
        Self { inner, in_some: false }
    }
}

#[cold]
fn not_finite<E: ser::Error>(number: impl fmt::Display) -> E {
    E::custom(format_args!(
        "JSON has no number {number}; an `Option` can say that there is no number"
    ))
}

#[cold]
fn lost_some<E: ser::Error>() -> E {
    E::custom("this `Some` would arrive as `None`, since JSON has one `null` for both")
}

/// Functions that only forward their arguments.
macro_rules! forward {
    ($($method:ident($($argument:ident: $type:ty),*) -> $ok:ident;)+) => {$(
        #[inline]
        fn $method(self, $($argument: $type),*) -> Result<S::$ok, S::Error> {
            self.inner.$method($($argument),*)
        }
    )+};
}

/// Functions whose values have parts.
macro_rules! compound {
    ($($method:ident($($argument:ident: $type:ty),*) -> $parts:ident;)+) => {$(
        #[inline]
        fn $method(self, $($argument: $type),*) -> Result<Self::$parts, S::Error> {
            self.inner.$method($($argument),*).map(Checked::parts)
        }
    )+};
}

impl<S: Serializer> Serializer for Checked<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Checked<S::SerializeSeq>;
    type SerializeTuple = Checked<S::SerializeTuple>;
    type SerializeTupleStruct = Checked<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Checked<S::SerializeTupleVariant>;
    type SerializeMap = Checked<S::SerializeMap>;
    type SerializeStruct = Checked<S::SerializeStruct>;
    type SerializeStructVariant = Checked<S::SerializeStructVariant>;

    forward! {
        serialize_bool(value: bool) -> Ok;
        serialize_i8(value: i8) -> Ok;
        serialize_i16(value: i16) -> Ok;
        serialize_i32(value: i32) -> Ok;
        serialize_i64(value: i64) -> Ok;
        serialize_i128(value: i128) -> Ok;
        serialize_u8(value: u8) -> Ok;
        serialize_u16(value: u16) -> Ok;
        serialize_u32(value: u32) -> Ok;
        serialize_u64(value: u64) -> Ok;
        serialize_u128(value: u128) -> Ok;
        serialize_char(value: char) -> Ok;
        serialize_str(value: &str) -> Ok;
        serialize_bytes(value: &[u8]) -> Ok;
        // `()` and the `null` of a `serde_json::Value` look alike; the latter is a value of its own.
        serialize_unit() -> Ok;
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> Ok;
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        if value.is_finite() { self.inner.serialize_f32(value) } else { Err(not_finite(value)) }
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        if value.is_finite() { self.inner.serialize_f64(value) } else { Err(not_finite(value)) }
    }

    #[inline]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        if self.in_some { Err(lost_some()) } else { self.inner.serialize_none() }
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Lossless { value, in_some: true })
    }

    #[inline]
    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, S::Error> {
        if self.in_some { Err(lost_some()) } else { self.inner.serialize_unit_struct(name) }
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_struct(name, &Lossless { value, in_some: self.in_some })
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_variant(name, index, variant, &Lossless::of(value))
    }

    compound! {
        serialize_seq(length: Option<usize>) -> SerializeSeq;
        serialize_tuple(length: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, length: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(
            name: &'static str, index: u32, variant: &'static str, length: usize
        ) -> SerializeTupleVariant;
        serialize_map(length: Option<usize>) -> SerializeMap;
        serialize_struct(name: &'static str, length: usize) -> SerializeStruct;
        serialize_struct_variant(
            name: &'static str, index: u32, variant: &'static str, length: usize
        ) -> SerializeStructVariant;
    }

    #[inline]
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Each part is checked as the whole is.
macro_rules! parts {
    ($($trait:ident::$method:ident($($key:ident: $type:ty)?);)+) => {$(
        impl<S: $trait> $trait for Checked<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            #[inline]
            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($key: $type,)?
                value: &T,
            ) -> Result<(), S::Error> {
                self.inner.$method($($key,)? &Lossless::of(value))
            }

            parts! { skip $($key)? }

            #[inline]
            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )+};
    (skip) => {};
    (skip $key:ident) => {
        #[inline]
        fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
            self.inner.skip_field(key)
        }
    };
}

parts! {
    SerializeSeq::serialize_element();
    SerializeTuple::serialize_element();
    SerializeTupleStruct::serialize_field();
    SerializeTupleVariant::serialize_field();
    SerializeStruct::serialize_field(key: &'static str);
    SerializeStructVariant::serialize_field(key: &'static str);
}

/// Keys need no check: as a key, serde_json refuses all that is not text.
impl<S: SerializeMap> SerializeMap for Checked<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.inner.serialize_key(key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.inner.serialize_value(&Lossless::of(value))
    }

    #[inline]
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), S::Error> {
        self.inner.serialize_entry(key, &Lossless::of(value))
    }

    #[inline]
    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}
