//! The two macros that make a program of a plugin.

/// Makes the `main` of a plugin's program.
///
/// ```no_run
/// #[goplug::plugin]
/// pub struct Calculator;
///
/// #[goplug::method(Calculator)]
/// pub fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// goplug::main!(Calculator);
/// ```
///
/// The program has three verbs: none (serve, on the socket that a registry passes, or on
/// one of its own with `--dir DIR`), `install DIR` (write the `.pconf` by which a registry
/// finds it) and `describe` (print the descriptor).
///
/// Methods run on the thread of `main`, which suits those that mostly wait. With
/// `goplug::main!(Calculator, threads = 4)` there are that many threads; a single method that
/// computes for long can say `blocking` instead.
#[macro_export]
macro_rules! main {
    ($plugin:ty $(,)?) => {
        $crate::main!($plugin, threads = 1);
    };
    ($plugin:ty, threads = $threads:expr $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $crate::__private::main::<$plugin>(
                $crate::__private::Options::default().threads($threads),
            )
        }
    };
}

/// Serves as an embedded plugin, if this process was started to be one; else does nothing.
///
/// It belongs at the very beginning of the `main` of a host that ships plugins inside
/// itself, before a runtime is started: the registry starts the host's own executable
/// again as the plugin's process, and this is where that process turns off and never
/// returns. `RegistryBuilder::embed` is the other half.
///
/// ```no_run
/// #[goplug::plugin]
/// pub struct Calculator;
///
/// #[goplug::method(Calculator)]
/// pub fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// fn main() {
///     goplug::embed!(Calculator);
///     // … what the host does
/// }
/// ```
#[macro_export]
macro_rules! embed {
    ($($plugin:ty),+ $(,)?) => {
        $($crate::__private::embed::<$plugin>();)+
    };
}
