/// Reads logs.
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
/// The lines of a file.
pub fn tail(path: &str) -> impl Stream<Item = Line> {
    read(path)
}
const _: () = {
    ::goplug::__private::check::parameter::<::std::string::String>();
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
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Log,
    >(
        ::goplug::__private::Item::Streaming(
            <LogClient>::__METHOD_TAIL,
            |_, call| ::std::boxed::Box::pin(async move {
                let outlet = call.outlet();
                let (path,) = call
                    .arrived::<(::std::string::String,)>(<LogClient>::__METHOD_TAIL)
                    .arguments()?;
                ::goplug::__private::Streamed::<
                    false,
                    _,
                >::new(outlet, <LogClient>::__METHOD_TAIL, tail(&path))
                    .items()
                    .await
            }),
            ::goplug::__private::STREAMING,
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> LogClient<C> {
    const __METHOD_TAIL: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "tail",
        doc: "The lines of a file.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "path",
                ty: "String",
                schema: ::goplug::__private::schema!(::std::string::String),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Line",
        result: ::goplug::__private::schema!(Line),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: true,
        idempotent: false,
        optional: false,
    };
    /// The lines of a file.
    pub async fn tail(
        &self,
        path: &str,
    ) -> ::goplug::__private::Result<::goplug::__private::ResultStream<Line>> {
        self.base
            .request::<
                _,
                _,
                Line,
            >(::goplug::__private::Json, Self::__METHOD_TAIL, (path,))
            .open()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> LogBlockingClient<C> {
    /// The lines of a file.
    pub fn tail(
        &self,
        path: &str,
    ) -> ::goplug::__private::Result<::goplug::__private::ResultIter<Line>> {
        ::goplug::__private::wait(
                self
                    .base
                    .request::<
                        _,
                        _,
                        Line,
                    >(::goplug::__private::Json, <LogClient>::__METHOD_TAIL, (path,))
                    .open(),
            )
            .map(::goplug::__private::ResultIter::new)
    }
}
pub async fn search(
    log: &Log,
    query: Query,
) -> Result<impl Stream<Item = Result<Hit, SearchError>>, SearchError> {
    log.find(query).await
}
const _: () = {
    ::goplug::__private::check::parameter::<Query>();
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_hidden_bytes(
            ::goplug::__private::LossOf::<Query>::BYTES,
        )
    };
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_lost_some(
            ::goplug::__private::LossOf::<Query>::SOME,
        )
    };
    ::goplug::__private::check::result::<Hit>();
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_hidden_bytes(
            ::goplug::__private::LossOf::<Hit>::BYTES,
        )
    };
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_hidden_stream(
            ::goplug::__private::LossOf::<Hit>::STREAM,
        )
    };
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_lost_some(
            ::goplug::__private::LossOf::<Hit>::SOME,
        )
    };
    ::goplug::__private::check::error::<SearchError>();
    ::goplug::__private::check::typed::<Result<Hit, SearchError>, Hit, SearchError>();
    ::goplug::__private::check::same_error::<
        Result<(), SearchError>,
        Result<Hit, SearchError>,
        false,
        false,
    >();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Log,
    >(
        ::goplug::__private::Item::Streaming(
            <LogClient>::__METHOD_SEARCH,
            |plugin, call| ::std::boxed::Box::pin(async move {
                let plugin = ::goplug::__private::receiver::<Log>(plugin)?;
                let outlet = call.outlet();
                let (query,) = call
                    .arrived::<(Query,)>(<LogClient>::__METHOD_SEARCH)
                    .arguments()?;
                ::goplug::__private::Streamed::<
                    false,
                    _,
                >::new(
                        outlet,
                        <LogClient>::__METHOD_SEARCH,
                        search(&plugin, query).await,
                    )
                    .opened()?
                    .attempts()
                    .await
            }),
            ::goplug::__private::STREAMING,
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> LogClient<C> {
    const __METHOD_SEARCH: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "search",
        doc: "",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "query",
                ty: "Query",
                schema: ::goplug::__private::schema!(Query),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Result<Hit, SearchError>",
        result: ::goplug::__private::schema!(Hit),
        error: ::goplug::__private::error!(SearchError as "SearchError"),
        progress: ::std::option::Option::None,
        stream: true,
        idempotent: false,
        optional: false,
    };
    /// Calls the plugin's method `search`.
    pub async fn search(
        &self,
        query: Query,
    ) -> ::std::result::Result<
        ::goplug::__private::ResultStream<
            Hit,
            ::goplug::__private::CallError<SearchError>,
        >,
        ::goplug::__private::CallError<SearchError>,
    > {
        self.base
            .request::<
                _,
                _,
                ::std::result::Result<Hit, SearchError>,
            >(::goplug::__private::Json, Self::__METHOD_SEARCH, (&query,))
            .try_open()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> LogBlockingClient<C> {
    /// Calls the plugin's method `search`.
    pub fn search(
        &self,
        query: Query,
    ) -> ::std::result::Result<
        ::goplug::__private::ResultIter<
            Hit,
            ::goplug::__private::CallError<SearchError>,
        >,
        ::goplug::__private::CallError<SearchError>,
    > {
        ::goplug::__private::wait(
                self
                    .base
                    .request::<
                        _,
                        _,
                        ::std::result::Result<Hit, SearchError>,
                    >(::goplug::__private::Json, <LogClient>::__METHOD_SEARCH, (&query,))
                    .try_open(),
            )
            .map(::goplug::__private::ResultIter::new)
    }
}
pub async fn packed(path: String) -> anyhow::Result<impl Stream<Item = Bytes>> {
    pack(path).await
}
const _: () = {
    ::goplug::__private::check::parameter::<String>();
    ::goplug::__private::check::bytes::<Bytes>();
    ::goplug::__private::check::outcome::<anyhow::Result<Bytes>, Bytes, true>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Log,
    >(
        ::goplug::__private::Item::Streaming(
            <LogClient>::__METHOD_PACKED,
            |_, call| ::std::boxed::Box::pin(async move {
                let outlet = call.outlet();
                let (path,) = call
                    .arrived::<(String,)>(<LogClient>::__METHOD_PACKED)
                    .arguments()?;
                ::goplug::__private::Streamed::<
                    true,
                    _,
                >::new(outlet, <LogClient>::__METHOD_PACKED, packed(path).await)
                    .opened()?
                    .bytes()
                    .await
            }),
            ::goplug::__private::STREAMING,
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> LogClient<C> {
    const __METHOD_PACKED: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "packed",
        doc: "",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "path",
                ty: "String",
                schema: ::goplug::__private::schema!(String),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Result<Bytes>",
        result: ::goplug::__private::TypeSchema::OPAQUE,
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: true,
        idempotent: false,
        optional: false,
    };
    /// Calls the plugin's method `packed`.
    pub async fn packed(
        &self,
        path: String,
    ) -> ::std::result::Result<
        ::goplug::__private::ResultStream<
            Bytes,
            ::goplug::__private::CallError<::goplug::__private::RemoteError>,
        >,
        ::goplug::__private::CallError<::goplug::__private::RemoteError>,
    > {
        self.base
            .request::<
                _,
                _,
                ::std::result::Result<Bytes, ::goplug::__private::RemoteError>,
            >(::goplug::__private::Raw, Self::__METHOD_PACKED, (&path,))
            .try_open()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> LogBlockingClient<C> {
    /// Calls the plugin's method `packed`.
    pub fn packed(
        &self,
        path: String,
    ) -> ::std::result::Result<
        ::goplug::__private::ResultIter<
            Bytes,
            ::goplug::__private::CallError<::goplug::__private::RemoteError>,
        >,
        ::goplug::__private::CallError<::goplug::__private::RemoteError>,
    > {
        ::goplug::__private::wait(
                self
                    .base
                    .request::<
                        _,
                        _,
                        ::std::result::Result<Bytes, ::goplug::__private::RemoteError>,
                    >(::goplug::__private::Raw, <LogClient>::__METHOD_PACKED, (&path,))
                    .try_open(),
            )
            .map(::goplug::__private::ResultIter::new)
    }
}
/// What is new.
pub trait Feed: __FeedClients {
    /// The headlines.
    fn headlines(&self) -> impl Stream<Item = String> + ::std::marker::Send;
    #[doc(hidden)]
    fn __has_goplug_plugin_on_it() -> ::goplug::__private::Contract
    where
        Self: ::goplug::__private::PluginType,
    {
        ::goplug::__private::Contract {
            spec: <FeedClient>::__CONTRACT,
            dispatch: <[::goplug::__private::Dispatch]>::into_vec(
                ::std::boxed::Box::new([
                    ((|plugin, call| ::std::boxed::Box::pin(async move {
                        let plugin = ::goplug::__private::receiver::<Self>(plugin)?;
                        let outlet = call.outlet();
                        ::goplug::__private::Streamed::<
                            false,
                            _,
                        >::new(
                                outlet,
                                <FeedClient>::__METHOD_HEADLINES,
                                <Self as Feed>::headlines(&plugin),
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
/// The typed client of any plugin that fulfils `Feed`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` and
/// `…_stream` for each callback. Cloning it is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct FeedClient<C = ::goplug::__private::DefaultCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
/// The blocking client of any plugin that fulfils `Feed`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` for
/// each callback. Each of these functions blocks the thread that calls it. Cloning the
/// client is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct FeedBlockingClient<C = ::goplug::__private::DefaultBlockingCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
::goplug::__private::clients! {
    contract : FeedClient, FeedBlockingClient
}
impl<C: ::goplug::__private::Caller> FeedClient<C> {
    const __METHOD_HEADLINES: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "headlines",
        doc: "The headlines.",
        params: &[],
        incoming: ::std::option::Option::None,
        returns: "String",
        result: ::goplug::__private::schema!(String),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: true,
        idempotent: false,
        optional: false,
    };
    const __CONTRACT: &'static ::goplug::__private::ContractSpec = &::goplug::__private::ContractSpec {
        name: "Feed",
        methods: &[*Self::__METHOD_HEADLINES],
        callbacks: &[],
    };
    /// The headlines.
    pub async fn headlines(
        &self,
    ) -> ::goplug::__private::Result<::goplug::__private::ResultStream<String>> {
        self.base
            .request::<
                _,
                _,
                String,
            >(::goplug::__private::Json, Self::__METHOD_HEADLINES, ())
            .open()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> FeedBlockingClient<C> {
    /// The headlines.
    pub fn headlines(
        &self,
    ) -> ::goplug::__private::Result<::goplug::__private::ResultIter<String>> {
        ::goplug::__private::wait(
                self
                    .base
                    .request::<
                        _,
                        _,
                        String,
                    >(::goplug::__private::Json, <FeedClient>::__METHOD_HEADLINES, ())
                    .open(),
            )
            .map(::goplug::__private::ResultIter::new)
    }
}
#[doc(hidden)]
pub trait __FeedClients {
    type __ClientOfTheContractDeclaredAsFeed<C> where Self: ::std::marker::Sized;
    type __BlockingClientOfTheContractDeclaredAsFeed<C> where Self: ::std::marker::Sized;
}
impl<T: ?::std::marker::Sized> __FeedClients for T {
    type __ClientOfTheContractDeclaredAsFeed<C> = FeedClient<C>
    where
        Self: ::std::marker::Sized;
    type __BlockingClientOfTheContractDeclaredAsFeed<C> = FeedBlockingClient<C>
    where
        Self: ::std::marker::Sized;
}
const _: () = {
    ::goplug::__private::check::result::<String>();
};
