/// Counts.
impl Counter {
    /// Counts on.
    pub fn increment(&self, by: Option<u64>, note: &str) -> anyhow::Result<u64> {
        self.add(by, note)
    }
    /// Whether it may go on.
    pub async fn may(&self, value: u64, note: &str) -> goplug::Result<bool> {
        ::goplug::__private::outgoing::<
            Counter,
            _,
            bool,
        >(<CounterClient>::__CALLBACK_MAY, (&value, note))
            .ask()
            .await
    }
    async fn open(config: Config) -> anyhow::Result<Self> {
        Self::from_file(&config.file).await
    }
    fn stop(&self) {}
}
const _: () = {
    ::goplug::__private::check::parameter::<Option<u64>>();
    ::goplug::__private::check::parameter::<::std::string::String>();
    ::goplug::__private::check::result::<u64>();
    ::goplug::__private::check::outcome::<anyhow::Result<u64>, u64, true>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Counter,
    >(
        ::goplug::__private::Item::Method(
            <CounterClient>::__METHOD_INCREMENT,
            |plugin, call| ::std::boxed::Box::pin(async move {
                let plugin = ::goplug::__private::receiver::<Counter>(plugin)?;
                let (by, note) = call
                    .arrived::<
                        (Option<u64>, ::std::string::String),
                    >(<CounterClient>::__METHOD_INCREMENT)
                    .arguments()?;
                ::goplug::__private::Attempt::<
                    true,
                    _,
                >(
                        ::goplug::__private::blocking(move || Counter::increment(
                                &plugin,
                                by,
                                &note,
                            ))
                            .await?,
                    )
                    .reply_to(<CounterClient>::__METHOD_INCREMENT)
            }),
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> CounterClient<C> {
    const __METHOD_INCREMENT: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "increment",
        doc: "Counts on.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "by",
                ty: "Option<u64>",
                schema: ::goplug::__private::schema!(Option < u64 >),
            },
            ::goplug::__private::ParamSpec {
                name: "note",
                ty: "String",
                schema: ::goplug::__private::schema!(::std::string::String),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Result<u64>",
        result: ::goplug::__private::schema!(u64),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Counts on.
    pub async fn increment(
        &self,
        by: Option<u64>,
        note: &str,
    ) -> ::std::result::Result<
        u64,
        ::goplug::__private::CallError<::goplug::__private::RemoteError>,
    > {
        self.base
            .request::<
                _,
                _,
                ::std::result::Result<u64, ::goplug::__private::RemoteError>,
            >(::goplug::__private::Json, Self::__METHOD_INCREMENT, (&by, note))
            .try_call()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> CounterBlockingClient<C> {
    /// Counts on.
    pub fn increment(
        &self,
        by: Option<u64>,
        note: &str,
    ) -> ::std::result::Result<
        u64,
        ::goplug::__private::CallError<::goplug::__private::RemoteError>,
    > {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    ::std::result::Result<u64, ::goplug::__private::RemoteError>,
                >(
                    ::goplug::__private::Json,
                    <CounterClient>::__METHOD_INCREMENT,
                    (&by, note),
                )
                .try_call(),
        )
    }
}
const _: () = {
    ::goplug::__private::check::parameter::<u64>();
    ::goplug::__private::check::parameter::<::std::string::String>();
    ::goplug::__private::check::result::<bool>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Counter,
    >(::goplug::__private::Item::Callback(<CounterClient>::__CALLBACK_MAY));
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> CounterClient<C> {
    const __CALLBACK_MAY: &'static ::goplug::__private::CallbackSpec = &::goplug::__private::CallbackSpec {
        name: "may",
        doc: "Whether it may go on.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "value",
                ty: "u64",
                schema: ::goplug::__private::schema!(u64),
            },
            ::goplug::__private::ParamSpec {
                name: "note",
                ty: "String",
                schema: ::goplug::__private::schema!(::std::string::String),
            },
        ],
        returns: "bool",
        answer: ::goplug::__private::schema!(bool),
    };
    /// Runs `handler` whenever the plugin calls back with `may`.
    ///
    /// Whether it may go on.
    ///
    /// The handler runs until the subscription is dropped.
    pub async fn on_may<F, Fut>(
        &self,
        handler: F,
    ) -> ::goplug::__private::Result<::goplug::__private::Subscription>
    where
        F: ::std::ops::Fn(u64, ::std::string::String) -> Fut + ::std::marker::Send
            + ::std::marker::Sync + 'static,
        Fut: ::std::future::Future<Output = bool> + ::std::marker::Send + 'static,
    {
        self.base
            .registration::<
                _,
                (u64, ::std::string::String),
                bool,
            >(::goplug::__private::Json, Self::__CALLBACK_MAY)
            .on(move |(value, note): (u64, ::std::string::String)| handler(value, note))
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> CounterBlockingClient<C> {
    /// Runs `handler` whenever the plugin calls back with `may`.
    ///
    /// Whether it may go on.
    ///
    /// The handler may block. It runs until the subscription is dropped.
    pub fn on_may<F>(
        &self,
        handler: F,
    ) -> ::goplug::__private::Result<::goplug::__private::Subscription>
    where
        F: ::std::ops::Fn(u64, ::std::string::String) -> bool + ::std::marker::Send
            + ::std::marker::Sync + 'static,
    {
        ::goplug::__private::wait(
            self
                .base
                .registration::<
                    _,
                    (u64, ::std::string::String),
                    bool,
                >(::goplug::__private::Json, <CounterClient>::__CALLBACK_MAY)
                .on_blocking(move |(value, note): (u64, ::std::string::String)| handler(
                    value,
                    note,
                )),
        )
    }
}
const _: () = {
    ::goplug::__private::check::configuration::<Config>();
    impl ::goplug::__private::BuiltByActivation for Counter {}
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Counter,
    >(
        ::goplug::__private::Item::Activate(
            &[
                ::goplug::__private::ParamSpec {
                    name: "config",
                    ty: "Config",
                    schema: ::goplug::__private::schema!(Config),
                },
            ],
            ::goplug::__private::Activation::Build(|configuration| ::std::boxed::Box::pin(async move {
                let config = configuration.configured::<Config>().read("Config")?;
                let (value, outcome) = ::goplug::__private::build::<
                    Counter,
                    _,
                >(Counter::open(config).await);
                {
                    #[allow(unused_imports)]
                    use ::goplug::__private::{HookText as _, NoHookOutcome as _};
                    ::goplug::__private::HookResult(outcome).into_result()
                }?;
                ::goplug::__private::built(value)
            })),
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
const _: () = {
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Counter,
    >(
        ::goplug::__private::Item::Stop(|plugin| ::std::boxed::Box::pin(async move {
            let plugin = ::goplug::__private::receiver::<Counter>(plugin)?;
            {
                #[allow(unused_imports)]
                use ::goplug::__private::{HookText as _, NoHookOutcome as _};
                ::goplug::__private::HookResult(Counter::stop(&plugin)).into_result()
            }
        })),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl ::goplug::__private::PluginType for Counter {
    const NAME: &'static str = "Counter";
    const NAMESPACE: &'static str = "";
    const VERSION: &'static str = ::std::env!("CARGO_PKG_VERSION");
    const URL: ::std::option::Option<&'static str> = ::std::option::Option::None;
    const LAZY_LOAD: bool = true;
    fn create() -> ::std::option::Option<Self> {
        #[allow(unused_imports)]
        use ::goplug::__private::{DefaultValue as _, NoInitialValue as _};
        ::goplug::__private::InitialValue::<Counter>::new().create()
    }
}
/// The typed client of the plugin `Counter`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` and
/// `…_stream` for each callback. Cloning it is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct CounterClient<C = ::goplug::__private::DefaultCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
/// The blocking client of the plugin `Counter`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` for
/// each callback. Each of these functions blocks the thread that calls it. Cloning the
/// client is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct CounterBlockingClient<C = ::goplug::__private::DefaultBlockingCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
::goplug::__private::clients! {
    plugin Counter as "Counter" in "" : CounterClient, CounterBlockingClient
}
