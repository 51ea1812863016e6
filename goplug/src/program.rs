//! The macros for `main`.

/// Makes the binary a plugin's program: writes its `main`.
///
/// Started by a registry, it serves. Started by hand, it has three verbs: `--dir DIR` serves on a
/// socket in `DIR` and writes the `.pconf` beside it, `install DIR` writes the `.pconf` by
/// which a registry starts the program, `describe` prints what the plugin offers.
///
/// Methods run on the thread of `main`, which suits methods that mostly wait. With
/// `threads = 4` they run on four threads.
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
    ($plugin:ty, threads = $threads:expr $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            let options = $crate::__private::Options::default().threads($threads);
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
