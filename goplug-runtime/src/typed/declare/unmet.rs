//! What generated code does with a type of the user that lacks a bound: nothing, without a word.
//!
//! The macros check every type at the place where the user wrote it, and that check reports a
//! missing bound. The rest of the generated code needs the same bound many times more. There it goes
//! through values such as `Answer`, whose methods have the bound on their impl. If the bound is not
//! met, method lookup goes on to what the value dereferences to, an [`Unmet`], whose methods have no
//! bounds. So each type gives one message. The methods of [`Unmet`] never run, and cannot be built.

use std::marker::PhantomData;

/// The place of a type that lacks a bound. Each room adds the methods that its values have.
#[derive(Debug)]
pub struct Unmet<T: ?Sized>(PhantomData<fn() -> PhantomData<T>>);

impl<T: ?Sized> Unmet<T> {
    /// What values dereference to.
    pub(in crate::typed) const fn new() -> Self {
        Self(PhantomData)
    }
}

/// The body of every method of an [`Unmet`]. It cannot be built: in a program that compiles, the
/// checks have found nothing, and no value needs an [`Unmet`]. A macro, so that the error names the
/// method and its caller. The constant has no size: an optimized build looks at others before the method
/// is asked for, if their size is known.
macro_rules! never {
    () => {{
        let () = const {
            panic!("a type of a method, callback or hook lacks a bound, and no check has found it")
        };
        unreachable!()
    }};
}

pub(in crate::typed) use never;
