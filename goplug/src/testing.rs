//! For the tests of plugins, of hosts, and of contracts.
//!
//! | a test of | uses |
//! |---|---|
//! | a plugin's methods, as its clients call them | [`InProcess`] |
//! | a plugin's functions as they are, which call their host | [`Host`] |
//! | code that calls a plugin, also when things go wrong | [`InProcess`] with a [`Fault`], or a [`Caller`](crate::Caller) of its own |
//! | a plugin's program, or a host's policies | [`registry`](registry()): a real one on a temporary folder |
//! | a contract that others have built against | [`contract_is_kept!`] |

#[doc(inline)]
pub use goplug_runtime::testing::{Fault, Host, InProcess};
#[cfg(feature = "host")]
#[doc(inline)]
pub use goplug_runtime::testing::{TestRegistry, TestRegistryBuilder, registry};

/// Fails if a contract or plugin is another one than a file says: a test by which nobody changes a
/// contract by accident.
///
/// The first argument is a plugin's type or any client, such as the client of a contract; the second
/// is a path within the package. The file is the descriptor of a plugin, as JSON. Commit it.
///
/// ```no_run
/// #[goplug::plugin]
/// pub trait Greeter {
///     /// Greets somebody.
///     #[goplug::method]
///     async fn greet(&self, name: &str) -> String;
/// }
///
/// #[test]
/// fn the_contract_is_kept() {
///     goplug::testing::contract_is_kept!(GreeterClient, "contracts/greeter.json");
/// }
/// ```
///
/// With `UPDATE_CONTRACTS=1` in its environment, the test writes the file: at first, and when a change
/// is meant. Both directions are compared, as [`contract::compare`](crate::contract::compare) does it:
/// clients that were built with the kept contract with a plugin of today, and clients of today with a
/// plugin that was built with the kept contract. A change of the documentation is no difference.
///
/// Types that derive `schemars::JsonSchema` are compared field by field, with the feature `schema`;
/// others by how they are spelled. Schemas that come or go are a change.
///
/// The macro is there with the feature `host` or `schema`. A package that has neither, to keep its plugin
/// small, names one of them for its tests: in the `dev-dependencies`.
///
/// # Panics
/// If the contract is another one, or there is no file, or the file has schemas and this build is without
/// the feature `schema`. The text has each difference and its verdict.
#[cfg(any(feature = "host", feature = "schema"))]
#[doc(inline)]
pub use crate::__contract_is_kept as contract_is_kept;

/// See [`contract_is_kept!`](crate::testing::contract_is_kept).
#[cfg(any(feature = "host", feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __contract_is_kept {
    ($kept:ty, $path:literal $(,)?) => {{
        #[allow(unused_imports)]
        use $crate::__private::KeptClient as _;
        $crate::__private::contract_is_kept(
            &$crate::__private::Kept::<$kept>::descriptor(),
            ::std::concat!(::std::env!("CARGO_MANIFEST_DIR"), "/", $path),
        )
    }};
}
