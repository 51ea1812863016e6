//! What a hook returns: nothing, or whether it failed.

use std::error::Error as StdError;
use std::fmt::Display;

/// What an activation or stop hook returns: nothing, or a `Result` of nothing.
///
/// The error is of any type that converts into a boxed error: `anyhow::Error`, a type that is a
/// [`std::error::Error`], `Box<dyn Error + Send + Sync>`, `String`, `&str`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a plugin's hook",
    label = "a hook returns nothing or a `Result<(), E>`",
    note = "`E` is an error or a text: `anyhow::Error`, `String`, \
            `Box<dyn std::error::Error + Send + Sync>`, or a type with `Display`",
    note = "an activation without a receiver may also build the plugin's value, if the type is \
            spelled out: `Result<Self, E>`"
)]
pub trait HookOutcome {
    /// The result in the form that the runtime takes.
    ///
    /// # Errors
    /// The hook's own error.
    fn into_result(self) -> anyhow::Result<()>;
}

impl HookOutcome for () {
    fn into_result(self) -> anyhow::Result<()> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn StdError + Send + Sync>>> HookOutcome for Result<(), E> {
    fn into_result(self) -> anyhow::Result<()> {
        self.map_err(|error| anyhow::Error::from_boxed(error.into()))
    }
}

/// The result of a hook in generated code, which asks the compiler how it becomes a
/// [`HookOutcome`]: `HookResult(start()).into_result()` is the first of three methods whose
/// bounds hold. The two traits have to be in scope.
#[derive(Debug)]
pub struct HookResult<R>(pub R);

impl<R: HookOutcome> HookResult<R> {
    /// The result in the form that the runtime takes.
    ///
    /// # Errors
    /// The hook's own error.
    pub fn into_result(self) -> anyhow::Result<()> {
        self.0.into_result()
    }
}

/// Of an error that can only be shown, such as `Box<dyn Error>`, which may not leave its thread.
pub trait HookText {
    /// The result in the form that the runtime takes.
    ///
    /// # Errors
    /// The text of the hook's own error.
    fn into_result(self) -> anyhow::Result<()>;
}

impl<E: Display> HookText for HookResult<Result<(), E>> {
    fn into_result(self) -> anyhow::Result<()> {
        self.0.map_err(|error| anyhow::Error::msg(error.to_string()))
    }
}

/// Of every other result: the bound fails, with the message of [`HookOutcome`].
pub trait NoHookOutcome<R> {
    /// Never runs.
    ///
    /// # Errors
    /// None.
    fn into_result(self) -> anyhow::Result<()>
    where
        R: HookOutcome;
}

impl<R> NoHookOutcome<R> for &HookResult<R> {
    fn into_result(self) -> anyhow::Result<()>
    where
        R: HookOutcome,
    {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<R: HookOutcome>(result: R) -> String {
        format!("{:#}", result.into_result().unwrap_err())
    }

    #[test]
    fn a_hook_may_fail_with_any_error_or_text() {
        assert_eq!(text(Err("no disk")), "no disk");
        assert_eq!(text(Err("no disk".to_owned())), "no disk");
        assert_eq!(text(Err(anyhow::anyhow!("no disk").context("start"))), "start: no disk");
        assert_eq!(text(Err(Box::<dyn StdError + Send + Sync>::from("no disk"))), "no disk");
        assert_eq!(text(Err(std::io::Error::other("no disk"))), "no disk");
    }

    #[test]
    fn generated_code_takes_errors_that_can_only_be_shown() {
        let error: Result<(), Box<dyn StdError>> = Err("no disk".into());
        assert_eq!(HookResult(error).into_result().unwrap_err().to_string(), "no disk");
        assert!(HookResult(()).into_result().is_ok());
    }
}
