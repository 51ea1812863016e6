//! How the value of a plugin comes to be: it is there from the start, or its activation hook builds it.

use std::marker::PhantomData;

/// A plugin whose activation hook builds its value. Implemented by that hook's attribute, once for
/// each plugin.
pub trait BuiltByActivation {}

/// The value that a plugin starts with, in generated code, which asks the compiler for it:
/// `InitialValue::<Counter>::new().create()` is the first of three methods whose bounds hold. The
/// two traits have to be in scope.
#[derive(Debug)]
pub struct InitialValue<P>(PhantomData<fn() -> P>);

impl<P> InitialValue<P> {
    /// Nothing is made here.
    #[allow(clippy::new_without_default, reason = "`Default` would be one more `create`")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: BuiltByActivation> InitialValue<P> {
    /// None: the activation hook builds the value.
    pub fn create(self) -> Option<P> {
        None
    }
}

/// Of a plugin that no activation hook builds.
pub trait DefaultValue<P> {
    /// The default.
    fn create(self) -> Option<P>;
}

impl<P: Default> DefaultValue<P> for InitialValue<P> {
    fn create(self) -> Option<P> {
        Some(P::default())
    }
}

/// A plugin that has a value when its process starts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has neither a `Default` nor an activation that builds it",
    label = "this plugin has no value",
    note = "derive `Default`, or build the value when a host activates the plugin: \
            `#[goplug::activate] fn open(config: Config) -> Result<Self, E>`, on a function \
            without a receiver"
)]
pub trait Initial {}

#[diagnostic::do_not_recommend]
impl<P: Default> Initial for P {}

/// Of every other plugin: the bound fails, with the message of [`Initial`].
pub trait NoInitialValue<P> {
    /// Never runs.
    fn create(self) -> Option<P>
    where
        P: Initial;
}

impl<P> NoInitialValue<P> for &InitialValue<P> {
    fn create(self) -> Option<P>
    where
        P: Initial,
    {
        None
    }
}

/// What an activation hook returns that builds the value of the plugin `P`: the value, or a
/// `Result` of it. Its error is one that every hook may have, see
/// [`HookOutcome`](super::HookOutcome).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of an activation that builds a plugin",
    label = "an activation that builds the plugin returns `{P}` or a `Result<{P}, E>`",
    note = "an activation that only runs something returns nothing or a `Result<(), E>`"
)]
pub trait BuildOutcome<P> {
    /// The result without the value.
    type Outcome;

    /// The value if there is one, and whether the hook has failed.
    fn split(self) -> (Option<P>, Self::Outcome);
}

impl<P> BuildOutcome<P> for P {
    type Outcome = ();

    fn split(self) -> (Option<P>, ()) {
        (Some(self), ())
    }
}

#[diagnostic::do_not_recommend]
impl<P, E> BuildOutcome<P> for Result<P, E> {
    type Outcome = Result<(), E>;

    fn split(self) -> (Option<P>, Result<(), E>) {
        match self {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(error)),
        }
    }
}

/// The value that an activation hook has built, if any, and whether the hook has failed.
pub fn build<P, R: BuildOutcome<P>>(returned: R) -> (Option<P>, R::Outcome) {
    returned.split()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Opened;
    impl BuiltByActivation for Opened {}

    #[derive(Default)]
    struct Empty;

    #[test]
    fn the_value_is_the_default_unless_the_activation_builds_it() {
        assert!(InitialValue::<Opened>::new().create().is_none());
        assert!(InitialValue::<Empty>::new().create().is_some());
    }

    #[test]
    fn a_hook_returns_the_value_or_a_result_of_it() {
        assert!(matches!(build::<Opened, _>(Opened), (Some(Opened), ())));
        assert!(matches!(build::<Opened, Result<_, u8>>(Ok(Opened)), (Some(Opened), Ok(()))));
        assert!(matches!(build::<Opened, Result<_, u8>>(Err(7)), (None, Err(7))));
    }
}
