/// Keeps logs.
pub struct Log;
impl ::goplug::__private::PluginType for Log {
    const NAME: &'static str = "Log";
    const NAMESPACE: &'static str = "acme";
    const VERSION: &'static str = ::std::env!("CARGO_PKG_VERSION");
    const URL: ::std::option::Option<&'static str> = ::std::option::Option::None;
    const LAZY_LOAD: bool = false;
    fn create() -> ::std::option::Option<Self> {
        ::std::option::Option::Some(Self)
    }
}
/// The typed client of the plugin `Log`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` and
/// `…_stream` for each callback. Cloning it is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct LogClient<C = ::goplug::__private::DefaultCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
/// The blocking client of the plugin `Log`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` for
/// each callback. Each of these functions blocks the thread that calls it. Cloning the
/// client is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct LogBlockingClient<C = ::goplug::__private::DefaultBlockingCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
::goplug::__private::clients! {
    plugin Log as "Log" in "acme" : LogClient, LogBlockingClient
}
/// Adds lines.
pub async fn ingest(source: String, lines: goplug::Incoming<Line>) -> u64 {
    add(source, lines).await
}
const _: () = {
    ::goplug::__private::check::parameter::<String>();
    ::goplug::__private::check::parameter::<Line>();
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_hidden_bytes(
            ::goplug::__private::LossOf::<Line>::BYTES,
        )
    };
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_lost_some(
            ::goplug::__private::LossOf::<Line>::SOME,
        )
    };
    ::goplug::__private::check::spelled::<
        goplug::Incoming<Line>,
        ::goplug::__private::Incoming<Line>,
    >();
    ::goplug::__private::check::result::<u64>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Log,
    >(
        ::goplug::__private::Item::Streaming(
            <LogClient>::__METHOD_INGEST,
            |_, call| ::std::boxed::Box::pin(async move {
                let (source,) = call
                    .arrived::<(String,)>(<LogClient>::__METHOD_INGEST)
                    .arguments()?;
                let lines = call.arriving::<Line>().items()?;
                ::goplug::__private::Answer(ingest(source, lines).await).reply()
            }),
            ::goplug::__private::STREAMING,
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> LogClient<C> {
    const __METHOD_INGEST: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "ingest",
        doc: "Adds lines.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "source",
                ty: "String",
                schema: ::goplug::__private::schema!(String),
            },
        ],
        incoming: ::std::option::Option::Some(::goplug::__private::ParamSpec {
            name: "lines",
            ty: "Line",
            schema: ::goplug::__private::schema!(Line),
        }),
        returns: "u64",
        result: ::goplug::__private::schema!(u64),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Adds lines.
    pub async fn ingest(
        &self,
        source: String,
        lines: impl ::goplug::__private::Stream<
            Item: ::goplug::__private::SentItem<Line>,
        > + ::std::marker::Send + 'static,
    ) -> ::goplug::__private::Result<u64> {
        self.base
            .request::<
                _,
                _,
                u64,
            >(
                ::goplug::__private::Json,
                Self::__METHOD_INGEST,
                ::goplug::__private::with_items(
                    (&source,),
                    ::goplug::__private::SentItems::<Line, _>::new(lines)
                        .json(Self::__METHOD_INGEST),
                ),
            )
            .call()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> LogBlockingClient<C> {
    /// Adds lines.
    pub fn ingest(
        &self,
        source: String,
        lines: impl ::std::iter::IntoIterator<
            Item: ::goplug::__private::SentItem<Line>,
            IntoIter: ::std::marker::Send + 'static,
        >,
    ) -> ::goplug::__private::Result<u64> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    u64,
                >(
                    ::goplug::__private::Json,
                    <LogClient>::__METHOD_INGEST,
                    ::goplug::__private::with_items(
                        (&source,),
                        ::goplug::__private::SentItems::<Line, _>::of_all(lines)
                            .json(<LogClient>::__METHOD_INGEST),
                    ),
                )
                .call(),
        )
    }
}
pub fn unpack(log: &Log, packed: IncomingIter<Bytes>) -> Result<u64, UnpackError> {
    log.unpack(packed)
}
const _: () = {
    ::goplug::__private::check::bytes::<Bytes>();
    ::goplug::__private::check::spelled::<
        IncomingIter<Bytes>,
        ::goplug::__private::IncomingIter<Bytes>,
    >();
    ::goplug::__private::check::result::<u64>();
    ::goplug::__private::check::error::<UnpackError>();
    ::goplug::__private::check::typed::<Result<u64, UnpackError>, u64, UnpackError>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Log,
    >(
        ::goplug::__private::Item::Streaming(
            <LogClient>::__METHOD_UNPACK,
            |plugin, call| ::std::boxed::Box::pin(async move {
                let plugin = ::goplug::__private::receiver::<Log>(plugin)?;
                let packed = ::goplug::__private::IncomingIter::new(
                    call.arriving::<Bytes>().bytes()?,
                );
                ::goplug::__private::Attempt::<
                    false,
                    _,
                >(::goplug::__private::blocking(move || unpack(&plugin, packed)).await?)
                    .reply_to(<LogClient>::__METHOD_UNPACK)
            }),
            ::goplug::__private::STREAMING,
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> LogClient<C> {
    const __METHOD_UNPACK: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "unpack",
        doc: "",
        params: &[],
        incoming: ::std::option::Option::Some(::goplug::__private::ParamSpec {
            name: "packed",
            ty: "Bytes",
            schema: ::goplug::__private::TypeSchema::OPAQUE,
        }),
        returns: "Result<u64, UnpackError>",
        result: ::goplug::__private::schema!(u64),
        error: ::goplug::__private::error!(UnpackError as "UnpackError"),
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Calls the plugin's method `unpack`.
    pub async fn unpack(
        &self,
        packed: impl ::goplug::__private::Stream<
            Item: ::goplug::__private::SentItem<Bytes>,
        > + ::std::marker::Send + 'static,
    ) -> ::std::result::Result<u64, ::goplug::__private::CallError<UnpackError>> {
        self.base
            .request::<
                _,
                _,
                ::std::result::Result<u64, UnpackError>,
            >(
                ::goplug::__private::Json,
                Self::__METHOD_UNPACK,
                ::goplug::__private::with_items(
                    (),
                    ::goplug::__private::SentItems::<Bytes, _>::new(packed).bytes(),
                ),
            )
            .try_call()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> LogBlockingClient<C> {
    /// Calls the plugin's method `unpack`.
    pub fn unpack(
        &self,
        packed: impl ::std::iter::IntoIterator<
            Item: ::goplug::__private::SentItem<Bytes>,
            IntoIter: ::std::marker::Send + 'static,
        >,
    ) -> ::std::result::Result<u64, ::goplug::__private::CallError<UnpackError>> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    ::std::result::Result<u64, UnpackError>,
                >(
                    ::goplug::__private::Json,
                    <LogClient>::__METHOD_UNPACK,
                    ::goplug::__private::with_items(
                        (),
                        ::goplug::__private::SentItems::<Bytes, _>::of_all(packed)
                            .bytes(),
                    ),
                )
                .try_call(),
        )
    }
}
/// What passes.
pub trait Filter: __FilterClients {
    /// Those of the lines.
    fn filter(
        &self,
        text: &str,
        lines: Incoming<Line>,
    ) -> impl ::std::future::Future<
        Output = impl Stream<Item = Line> + ::std::marker::Send,
    > + ::std::marker::Send;
    #[doc(hidden)]
    fn __has_goplug_plugin_on_it() -> ::goplug::__private::Contract
    where
        Self: ::goplug::__private::PluginType,
    {
        ::goplug::__private::Contract {
            spec: <FilterClient>::__CONTRACT,
            dispatch: <[::goplug::__private::Dispatch]>::into_vec(
                ::std::boxed::Box::new([
                    ((|plugin, call| ::std::boxed::Box::pin(async move {
                        let plugin = ::goplug::__private::receiver::<Self>(plugin)?;
                        let outlet = call.outlet();
                        let (text,) = call
                            .arrived::<
                                (::std::string::String,),
                            >(<FilterClient>::__METHOD_FILTER)
                            .arguments()?;
                        let lines = call.arriving::<Line>().items()?;
                        ::goplug::__private::Streamed::<
                            false,
                            _,
                        >::new(
                                outlet,
                                <FilterClient>::__METHOD_FILTER,
                                <Self as Filter>::filter(&plugin, &text, lines).await,
                            )
                            .items()
                            .await
                    })) as ::goplug::__private::Dispatch),
                ]),
            ),
            streaming: ::std::option::Option::Some(::goplug::__private::STREAMING),
        }
    }
}
/// The typed client of any plugin that fulfils `Filter`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` and
/// `…_stream` for each callback. Cloning it is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct FilterClient<C = ::goplug::__private::DefaultCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
/// The blocking client of any plugin that fulfils `Filter`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` for
/// each callback. Each of these functions blocks the thread that calls it. Cloning the
/// client is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct FilterBlockingClient<C = ::goplug::__private::DefaultBlockingCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
::goplug::__private::clients! {
    contract : FilterClient, FilterBlockingClient
}
impl<C: ::goplug::__private::Caller> FilterClient<C> {
    const __METHOD_FILTER: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "filter",
        doc: "Those of the lines.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "text",
                ty: "String",
                schema: ::goplug::__private::schema!(::std::string::String),
            },
        ],
        incoming: ::std::option::Option::Some(::goplug::__private::ParamSpec {
            name: "lines",
            ty: "Line",
            schema: ::goplug::__private::schema!(Line),
        }),
        returns: "Line",
        result: ::goplug::__private::schema!(Line),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: true,
        idempotent: false,
        optional: false,
    };
    const __CONTRACT: &'static ::goplug::__private::ContractSpec = &::goplug::__private::ContractSpec {
        name: "Filter",
        methods: &[*Self::__METHOD_FILTER],
        callbacks: &[],
    };
    /// Those of the lines.
    pub async fn filter(
        &self,
        text: &str,
        lines: impl ::goplug::__private::Stream<
            Item: ::goplug::__private::SentItem<Line>,
        > + ::std::marker::Send + 'static,
    ) -> ::goplug::__private::Result<::goplug::__private::ResultStream<Line>> {
        self.base
            .request::<
                _,
                _,
                Line,
            >(
                ::goplug::__private::Json,
                Self::__METHOD_FILTER,
                ::goplug::__private::with_items(
                    (text,),
                    ::goplug::__private::SentItems::<Line, _>::new(lines)
                        .json(Self::__METHOD_FILTER),
                ),
            )
            .open()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> FilterBlockingClient<C> {
    /// Those of the lines.
    pub fn filter(
        &self,
        text: &str,
        lines: impl ::std::iter::IntoIterator<
            Item: ::goplug::__private::SentItem<Line>,
            IntoIter: ::std::marker::Send + 'static,
        >,
    ) -> ::goplug::__private::Result<::goplug::__private::ResultIter<Line>> {
        ::goplug::__private::wait(
                self
                    .base
                    .request::<
                        _,
                        _,
                        Line,
                    >(
                        ::goplug::__private::Json,
                        <FilterClient>::__METHOD_FILTER,
                        ::goplug::__private::with_items(
                            (text,),
                            ::goplug::__private::SentItems::<Line, _>::of_all(lines)
                                .json(<FilterClient>::__METHOD_FILTER),
                        ),
                    )
                    .open(),
            )
            .map(::goplug::__private::ResultIter::new)
    }
}
#[doc(hidden)]
pub trait __FilterClients {
    type __ClientOfTheContractDeclaredAsFilter<C> where Self: ::std::marker::Sized;
    type __BlockingClientOfTheContractDeclaredAsFilter<C>
    where
        Self: ::std::marker::Sized;
}
impl<T: ?::std::marker::Sized> __FilterClients for T {
    type __ClientOfTheContractDeclaredAsFilter<C> = FilterClient<C>
    where
        Self: ::std::marker::Sized;
    type __BlockingClientOfTheContractDeclaredAsFilter<C> = FilterBlockingClient<C>
    where
        Self: ::std::marker::Sized;
}
const _: () = {
    ::goplug::__private::check::parameter::<::std::string::String>();
    ::goplug::__private::check::parameter::<Line>();
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_hidden_bytes(
            ::goplug::__private::LossOf::<Line>::BYTES,
        )
    };
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_lost_some(
            ::goplug::__private::LossOf::<Line>::SOME,
        )
    };
    ::goplug::__private::check::spelled::<
        Incoming<Line>,
        ::goplug::__private::Incoming<Line>,
    >();
    ::goplug::__private::check::result::<Line>();
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_hidden_bytes(
            ::goplug::__private::LossOf::<Line>::BYTES,
        )
    };
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_hidden_stream(
            ::goplug::__private::LossOf::<Line>::STREAM,
        )
    };
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_lost_some(
            ::goplug::__private::LossOf::<Line>::SOME,
        )
    };
    {
        #[allow(unused_imports)]
        use ::goplug::__private::ResultKindFallback as _;
        ::goplug::__private::check::no_result(
            ::goplug::__private::ResultKind::<Line>::IS_RESULT,
        );
    }
};
