//! The macros for `main`.

/// Makes the binary a plugin's program: writes its `main`.
///
/// Started by a registry, it serves. Started by hand, it has four verbs: `--dir DIR` serves on a
/// socket in `DIR` and writes the `.pconf` beside it, `install DIR` writes the `.pconf` by
/// which a registry starts the program, `debug` serves for a debugger and prints the variable by which a
/// host uses the process, `describe` prints what the plugin offers. With the feature `remote`, there is a
/// fifth: `serve --listen ADDR:PORT` serves hosts on other machines.
///
/// Methods run on the thread of `main`, which suits methods that mostly wait. With
/// `threads = 4` they run on four threads.
///
/// With `setup = set_up`, the function `set_up` runs before the plugin serves: for a subscriber of
/// `tracing`, a panic hook, or what else a program does first. It returns nothing or a `Result<(), E>`,
/// whose error ends the program. Unless it installs a subscriber, the program's events reach the host's
/// log by themselves, with the feature `logs`.
///
/// ```
/// #[goplug::plugin(namespace = "math")]
/// pub struct Calculator;
///
/// /// Adds two integers.
/// #[goplug::method(Calculator)]
/// pub fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// goplug::main!(Calculator, threads = 4);
/// ```
///
/// A program is one plugin. A package with two has two programs, for example in `src/bin`; within
/// a host's program there may be several, see [`embed!`](crate::embed!).
#[macro_export]
macro_rules! main {
    () => {
        ::std::compile_error!(
            "write `goplug::main!(Calculator);`, or `goplug::main!(Calculator, threads = 4);`, with \
             the plugin's type"
        );
        fn main() {}
    };
    ($plugin:ty $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $crate::__private::main::<$plugin>($crate::__private::Options::default())
        }
    };
    ($plugin:ty $(, $option:ident = $value:expr)+ $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            let options = $crate::__private::Options::default();
            $($crate::__private::main_option!(options, $option, $value);)+
            $crate::__private::main::<$plugin>(options)
        }
    };
    ($plugin:ty, $second:ty $(, $($rest:tt)*)?) => {
        ::std::compile_error!(
            "a program is one plugin: give the second one a program of its own, for example in \
             `src/bin`; within a host's program, several are `goplug::embed!(First, Second);`"
        );
        fn main() {}
    };
    ($($other:tt)*) => {
        $crate::main! {}
    };
}

/// One option of [`main!`](crate::main!), on top of those before it.
#[doc(hidden)]
#[macro_export]
macro_rules! __main_option {
    ($options:ident, threads, $threads:expr) => {
        let $options = $options.threads($threads);
    };
    ($options:ident, setup, $setup:expr) => {
        let $options = $options.setup(|| {
            #[allow(unused_imports)]
            use $crate::__private::{HookText as _, NoHookOutcome as _};
            $crate::__private::HookResult($setup()).into_result()
        });
    };
    ($options:ident, $other:ident, $value:expr) => {
        ::std::compile_error!(::std::concat!(
            "there is no option `",
            ::std::stringify!($other),
            "`; the options are `threads = 4` and `setup = set_up`, the name of a function"
        ));
    };
}

/// Ships plugins inside a host: at the beginning of `main`, serves as one of them if a
/// registry has started this executable for that, and does not return then.
///
/// It comes before anything else: what `main` does before it, each plugin's process does as well.
/// All embedded plugins are named, in one `embed!` or in several. In a process that was started as a
/// plugin that none of them names, no registry can be made: its error, and that of the host's load,
/// says so. A process that such a plugin starts does not serve, although it inherits the variables
/// that ask for it.
///
/// `main` need not be async. Under `#[tokio::main]` it works as well, but then the plugin's process
/// has the threads of that runtime, which it does not use, and one more.
///
/// ```
/// #[goplug::plugin(namespace = "math")]
/// pub struct Calculator;
///
/// /// Adds two integers.
/// #[goplug::method(Calculator)]
/// pub fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// fn main() {
///     goplug::embed!(Calculator);
///     // The host's own program begins here.
/// }
/// ```
///
/// The host adds each of these plugins to its registry with `RegistryBuilder::embed`. Two plugins
/// are `goplug::embed!(Calculator, Counter);` here, and
/// `.embed::<Calculator>().embed::<Counter>()` there.
#[macro_export]
macro_rules! embed {
    () => {
        ::std::compile_error!(
            "write `goplug::embed!(Calculator);`, or `goplug::embed!(Calculator, Counter);`, with the \
             types of the plugins"
        )
    };
    ($($plugin:ty),+ $(,)?) => {{
        $($crate::__private::embed::<$plugin>();)+
    }};
    ($($other:tt)*) => {
        $crate::embed! {}
    };
}
