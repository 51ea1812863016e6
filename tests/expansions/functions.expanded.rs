/// Calculates.
pub struct Calculator;
impl ::goplug::__private::PluginType for Calculator {
    const NAME: &'static str = "Calculator";
    const NAMESPACE: &'static str = "math";
    const VERSION: &'static str = ::std::env!("CARGO_PKG_VERSION");
    const URL: ::std::option::Option<&'static str> = ::std::option::Option::None;
    const LAZY_LOAD: bool = false;
    fn create() -> ::std::option::Option<Self> {
        ::std::option::Option::Some(Self)
    }
}
/// The typed client of the plugin `Calculator`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` and
/// `…_stream` for each callback. Cloning it is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct CalculatorClient<C = ::goplug::__private::DefaultCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
/// The blocking client of the plugin `Calculator`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` for
/// each callback. Each of these functions blocks the thread that calls it. Cloning the
/// client is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct CalculatorBlockingClient<C = ::goplug::__private::DefaultBlockingCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
::goplug::__private::clients! {
    plugin Calculator as "Calculator" in "math" : CalculatorClient,
    CalculatorBlockingClient
}
/// Adds two integers.
pub fn add(a: i64, b: i64) -> i64 {
    a + b
}
const _: () = {
    ::goplug::__private::check::parameter::<i64>();
    ::goplug::__private::check::parameter::<i64>();
    ::goplug::__private::check::result::<i64>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Calculator,
    >(
        ::goplug::__private::Item::Method(
            <CalculatorClient>::__METHOD_ADD,
            |_, call| ::std::boxed::Box::pin(async move {
                let (a, b) = call
                    .arrived::<(i64, i64)>(<CalculatorClient>::__METHOD_ADD)
                    .arguments()?;
                ::goplug::__private::Answer(add(a, b)).reply()
            }),
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> CalculatorClient<C> {
    const __METHOD_ADD: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "add",
        doc: "Adds two integers.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "a",
                ty: "i64",
                schema: ::goplug::__private::schema!(i64),
            },
            ::goplug::__private::ParamSpec {
                name: "b",
                ty: "i64",
                schema: ::goplug::__private::schema!(i64),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "i64",
        result: ::goplug::__private::schema!(i64),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Adds two integers.
    pub async fn add(&self, a: i64, b: i64) -> ::goplug::__private::Result<i64> {
        self.base
            .request::<
                _,
                _,
                i64,
            >(::goplug::__private::Json, Self::__METHOD_ADD, (&a, &b))
            .call()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> CalculatorBlockingClient<C> {
    /// Adds two integers.
    pub fn add(&self, a: i64, b: i64) -> ::goplug::__private::Result<i64> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    i64,
                >(::goplug::__private::Json, <CalculatorClient>::__METHOD_ADD, (&a, &b))
                .call(),
        )
    }
}
pub async fn divide(a: f64, b: f64) -> Result<f64, DivideError> {
    if b == 0.0 { Err(DivideError::ByZero) } else { Ok(a / b) }
}
const _: () = {
    ::goplug::__private::check::parameter::<f64>();
    ::goplug::__private::check::parameter::<f64>();
    ::goplug::__private::check::result::<f64>();
    ::goplug::__private::check::error::<DivideError>();
    ::goplug::__private::check::typed::<Result<f64, DivideError>, f64, DivideError>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Calculator,
    >(
        ::goplug::__private::Item::Method(
            <CalculatorClient>::__METHOD_DIVIDE,
            |_, call| ::std::boxed::Box::pin(async move {
                let (a, b) = call
                    .arrived::<(f64, f64)>(<CalculatorClient>::__METHOD_DIVIDE)
                    .arguments()?;
                ::goplug::__private::Attempt::<false, _>(divide(a, b).await)
                    .reply_to(<CalculatorClient>::__METHOD_DIVIDE)
            }),
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> CalculatorClient<C> {
    const __METHOD_DIVIDE: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "divide",
        doc: "",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "a",
                ty: "f64",
                schema: ::goplug::__private::schema!(f64),
            },
            ::goplug::__private::ParamSpec {
                name: "b",
                ty: "f64",
                schema: ::goplug::__private::schema!(f64),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Result<f64, DivideError>",
        result: ::goplug::__private::schema!(f64),
        error: ::goplug::__private::error!(DivideError as "DivideError"),
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Calls the plugin's method `divide`.
    pub async fn divide(
        &self,
        a: f64,
        b: f64,
    ) -> ::std::result::Result<f64, ::goplug::__private::CallError<DivideError>> {
        self.base
            .request::<
                _,
                _,
                ::std::result::Result<f64, DivideError>,
            >(::goplug::__private::Json, Self::__METHOD_DIVIDE, (&a, &b))
            .try_call()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> CalculatorBlockingClient<C> {
    /// Calls the plugin's method `divide`.
    pub fn divide(
        &self,
        a: f64,
        b: f64,
    ) -> ::std::result::Result<f64, ::goplug::__private::CallError<DivideError>> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    ::std::result::Result<f64, DivideError>,
                >(
                    ::goplug::__private::Json,
                    <CalculatorClient>::__METHOD_DIVIDE,
                    (&a, &b),
                )
                .try_call(),
        )
    }
}
pub fn do_it(input: Bytes) -> Bytes {
    input
}
const _: () = {
    ::goplug::__private::check::bytes::<Bytes>();
    ::goplug::__private::check::bytes::<Bytes>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Calculator,
    >(
        ::goplug::__private::Item::Method(
            <CalculatorClient>::__METHOD_DO_IT,
            |_, call| ::std::boxed::Box::pin(async move {
                let input: Bytes = call.into_body();
                ::std::result::Result::Ok(::goplug::__private::Reply::raw(do_it(input)))
            }),
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> CalculatorClient<C> {
    const __METHOD_DO_IT: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "main.Do",
        doc: "",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "input",
                ty: "Bytes",
                schema: ::goplug::__private::TypeSchema::OPAQUE,
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Bytes",
        result: ::goplug::__private::TypeSchema::OPAQUE,
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Calls the plugin's method `main.Do`.
    pub async fn do_it(&self, input: Bytes) -> ::goplug::__private::Result<Bytes> {
        self.base
            .request::<
                _,
                _,
                Bytes,
            >(::goplug::__private::Raw, Self::__METHOD_DO_IT, input)
            .call()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> CalculatorBlockingClient<C> {
    /// Calls the plugin's method `main.Do`.
    pub fn do_it(&self, input: Bytes) -> ::goplug::__private::Result<Bytes> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    Bytes,
                >(::goplug::__private::Raw, <CalculatorClient>::__METHOD_DO_IT, input)
                .call(),
        )
    }
}
fn scale(by: u32, image: &[u8], mask: Option<Bytes>) -> (u32, Bytes) {
    (by, resized(image, by, mask))
}
const _: () = {
    ::goplug::__private::check::parameter::<u32>();
    ::goplug::__private::check::bytes::<::std::vec::Vec<u8>>();
    ::goplug::__private::check::bytes::<Bytes>();
    ::goplug::__private::check::result::<u32>();
    ::goplug::__private::check::bytes::<Bytes>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Calculator,
    >(
        ::goplug::__private::Item::Method(
            <CalculatorClient>::__METHOD_SCALE,
            |_, call| ::std::boxed::Box::pin(async move {
                let (call, mut parts) = call.split(<CalculatorClient>::__METHOD_SCALE)?;
                let (by, image, mask) = call
                    .arrived::<
                        (
                            u32,
                            ::std::option::Option<::std::vec::Vec<u8>>,
                            ::std::option::Option<::std::vec::Vec<u8>>,
                        ),
                    >(<CalculatorClient>::__METHOD_SCALE)
                    .arguments()?;
                let image: ::goplug::__private::Bytes = parts
                    .take(&<CalculatorClient>::__METHOD_SCALE.params[1], image)?;
                let mask: Option<Bytes> = parts
                    .take(&<CalculatorClient>::__METHOD_SCALE.params[2], mask)?;
                ::goplug::__private::Answer(scale(by, &image, mask)).beside_reply()
            }),
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> CalculatorClient<C> {
    const __METHOD_SCALE: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "scale",
        doc: "",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "by",
                ty: "u32",
                schema: ::goplug::__private::schema!(u32),
            },
            ::goplug::__private::ParamSpec {
                name: "image",
                ty: "Vec<u8>",
                schema: ::goplug::__private::schema!(::std::vec::Vec < u8 >),
            },
            ::goplug::__private::ParamSpec {
                name: "mask",
                ty: "Option<Bytes>",
                schema: ::goplug::__private::schema!(
                    ::std::option::Option < ::std::vec::Vec < u8 > >
                ),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "(u32, Bytes)",
        result: ::goplug::__private::schema!((u32, ::std::vec::Vec < u8 >)),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Calls the plugin's method `scale`.
    pub async fn scale(
        &self,
        by: u32,
        image: &[u8],
        mask: Option<Bytes>,
    ) -> ::goplug::__private::Result<(u32, Bytes)> {
        self.base
            .request::<
                _,
                _,
                (u32, Bytes),
            >(
                ::goplug::__private::Beside,
                Self::__METHOD_SCALE,
                ::goplug::__private::with_bytes(
                    (&by,),
                    [
                        (1, ::goplug::__private::IntoPart::into_part(image)),
                        (2, ::goplug::__private::IntoPart::into_part(mask)),
                    ],
                ),
            )
            .call()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> CalculatorBlockingClient<C> {
    /// Calls the plugin's method `scale`.
    pub fn scale(
        &self,
        by: u32,
        image: &[u8],
        mask: Option<Bytes>,
    ) -> ::goplug::__private::Result<(u32, Bytes)> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    (u32, Bytes),
                >(
                    ::goplug::__private::Beside,
                    <CalculatorClient>::__METHOD_SCALE,
                    ::goplug::__private::with_bytes(
                        (&by,),
                        [
                            (1, ::goplug::__private::IntoPart::into_part(image)),
                            (2, ::goplug::__private::IntoPart::into_part(mask)),
                        ],
                    ),
                )
                .call(),
        )
    }
}
fn primes(below: u64, call: &goplug::CallContext) -> Vec<u64> {
    sieve(below, call)
}
const _: () = {
    ::goplug::__private::check::parameter::<u64>();
    ::goplug::__private::check::context::<goplug::CallContext>();
    ::goplug::__private::check::result::<Vec<u64>>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Calculator,
    >(
        ::goplug::__private::Item::Method(
            <CalculatorClient>::__METHOD_PRIMES,
            |_, call| ::std::boxed::Box::pin(async move {
                let context = ::goplug::__private::call_context();
                let (below,) = call
                    .arrived::<(u64,)>(<CalculatorClient>::__METHOD_PRIMES)
                    .arguments()?;
                ::goplug::__private::Answer(
                        ::goplug::__private::blocking(move || primes(below, &context))
                            .await?,
                    )
                    .reply()
            }),
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> CalculatorClient<C> {
    const __METHOD_PRIMES: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "primes",
        doc: "",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "below",
                ty: "u64",
                schema: ::goplug::__private::schema!(u64),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Vec<u64>",
        result: ::goplug::__private::schema!(Vec < u64 >),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Calls the plugin's method `primes`.
    pub async fn primes(&self, below: u64) -> ::goplug::__private::Result<Vec<u64>> {
        self.base
            .request::<
                _,
                _,
                Vec<u64>,
            >(::goplug::__private::Json, Self::__METHOD_PRIMES, (&below,))
            .call()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> CalculatorBlockingClient<C> {
    /// Calls the plugin's method `primes`.
    pub fn primes(&self, below: u64) -> ::goplug::__private::Result<Vec<u64>> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    Vec<u64>,
                >(
                    ::goplug::__private::Json,
                    <CalculatorClient>::__METHOD_PRIMES,
                    (&below,),
                )
                .call(),
        )
    }
}
/// How far a long sum has come.
pub async fn progress(percent: u8) -> goplug::Result<()> {
    ::goplug::__private::outgoing::<
        Calculator,
        _,
        (),
    >(<CalculatorClient>::__CALLBACK_PROGRESS, (&percent,))
        .emit()
        .await
}
const _: () = {
    ::goplug::__private::check::parameter::<u8>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Calculator,
    >(::goplug::__private::Item::Callback(<CalculatorClient>::__CALLBACK_PROGRESS));
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> CalculatorClient<C> {
    const __CALLBACK_PROGRESS: &'static ::goplug::__private::CallbackSpec = &::goplug::__private::CallbackSpec {
        name: "progress",
        doc: "How far a long sum has come.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "percent",
                ty: "u8",
                schema: ::goplug::__private::schema!(u8),
            },
        ],
        returns: "()",
        answer: ::goplug::__private::TypeSchema::OPAQUE,
    };
    /// Runs `handler` whenever the plugin calls back with `progress`.
    ///
    /// How far a long sum has come.
    ///
    /// The handler runs until the subscription is dropped.
    pub async fn on_progress<F, Fut>(
        &self,
        handler: F,
    ) -> ::goplug::__private::Result<::goplug::__private::Subscription>
    where
        F: ::std::ops::Fn(u8) -> Fut + ::std::marker::Send + ::std::marker::Sync
            + 'static,
        Fut: ::std::future::Future<Output = ()> + ::std::marker::Send + 'static,
    {
        self.base
            .registration::<
                _,
                (u8,),
                (),
            >(::goplug::__private::Json, Self::__CALLBACK_PROGRESS)
            .on(move |(percent,): (u8,)| handler(percent))
            .await
    }
    /// The plugin's callback `progress` as a stream.
    ///
    /// How far a long sum has come.
    ///
    /// Dropping the stream ends it; a stream that is not read makes the plugin wait.
    pub async fn progress_stream(
        &self,
    ) -> ::goplug::__private::Result<::goplug::__private::CallbackStream<u8>> {
        self.base
            .registration::<
                _,
                (u8,),
                (),
            >(::goplug::__private::Json, Self::__CALLBACK_PROGRESS)
            .stream(|(arguments,): (u8,)| arguments)
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> CalculatorBlockingClient<C> {
    /// Runs `handler` whenever the plugin calls back with `progress`.
    ///
    /// How far a long sum has come.
    ///
    /// The handler may block. It runs until the subscription is dropped.
    pub fn on_progress<F>(
        &self,
        handler: F,
    ) -> ::goplug::__private::Result<::goplug::__private::Subscription>
    where
        F: ::std::ops::Fn(u8) + ::std::marker::Send + ::std::marker::Sync + 'static,
    {
        ::goplug::__private::wait(
            self
                .base
                .registration::<
                    _,
                    (u8,),
                    (),
                >(::goplug::__private::Json, <CalculatorClient>::__CALLBACK_PROGRESS)
                .on_blocking(move |(percent,): (u8,)| handler(percent)),
        )
    }
}
async fn start(calculator: &Calculator, config: Config) -> anyhow::Result<()> {
    calculator.configure(config)
}
const _: () = {
    ::goplug::__private::check::configuration::<Config>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Calculator,
    >(
        ::goplug::__private::Item::Activate(
            &[
                ::goplug::__private::ParamSpec {
                    name: "config",
                    ty: "Config",
                    schema: ::goplug::__private::schema!(Config),
                },
            ],
            ::goplug::__private::Activation::Run(|plugin, configuration| ::std::boxed::Box::pin(async move {
                let plugin = ::goplug::__private::receiver::<Calculator>(plugin)?;
                let config = configuration.configured::<Config>().read("Config")?;
                {
                    #[allow(unused_imports)]
                    use ::goplug::__private::{HookText as _, NoHookOutcome as _};
                    ::goplug::__private::HookResult(start(&plugin, config).await)
                        .into_result()
                }
            })),
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
