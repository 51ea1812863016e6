/// A contract of a plugin in another language, with that language's names and spellings.
pub trait Report: __ReportClients {
    /// Makes a report.
    fn make_report(
        &self,
        title: &str,
        dry_run: bool,
    ) -> impl ::std::future::Future<Output = Page> + ::std::marker::Send;
    /// How far it has come.
    fn progress(
        &self,
        percent: u8,
    ) -> impl ::std::future::Future<Output = goplug::Result<bool>> + ::std::marker::Send
    where
        Self: ::goplug::__private::PluginType,
    {
        async move {
            ::goplug::__private::outgoing::<
                Self,
                _,
                bool,
            >(<ReportClient>::__CALLBACK_PROGRESS, (&percent,))
                .ask()
                .await
        }
    }
    #[doc(hidden)]
    fn __has_goplug_plugin_on_it() -> ::goplug::__private::Contract
    where
        Self: ::goplug::__private::PluginType,
    {
        ::goplug::__private::Contract {
            spec: <ReportClient>::__CONTRACT,
            dispatch: <[::goplug::__private::Dispatch]>::into_vec(
                ::std::boxed::Box::new([
                    ((|plugin, call| ::std::boxed::Box::pin(async move {
                        let plugin = ::goplug::__private::receiver::<Self>(plugin)?;
                        let (title, dry_run) = call
                            .arrived::<
                                (::std::string::String, bool),
                            >(<ReportClient>::__METHOD_MAKE_REPORT)
                            .arguments()?;
                        ::goplug::__private::Answer(
                                <Self as Report>::make_report(&plugin, &title, dry_run)
                                    .await,
                            )
                            .reply()
                    })) as ::goplug::__private::Dispatch),
                ]),
            ),
            streaming: ::std::option::Option::None,
        }
    }
}
/// The typed client of any plugin that fulfils `Report`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` and
/// `…_stream` for each callback. Cloning it is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct ReportClient<C = ::goplug::__private::DefaultCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
/// The blocking client of any plugin that fulfils `Report`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` for
/// each callback. Each of these functions blocks the thread that calls it. Cloning the
/// client is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct ReportBlockingClient<C = ::goplug::__private::DefaultBlockingCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
::goplug::__private::clients! {
    contract as in DESCRIPTOR : ReportClient, ReportBlockingClient
}
impl<C: ::goplug::__private::Caller> ReportClient<C> {
    const __METHOD_MAKE_REPORT: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "make-report",
        doc: "Makes a report.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "title",
                ty: "str",
                schema: ::goplug::__private::schema!(::std::string::String),
            },
            ::goplug::__private::ParamSpec {
                name: "dryRun",
                ty: "bool",
                schema: ::goplug::__private::schema!(bool),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Page",
        result: ::goplug::__private::schema!(Page),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    const __CALLBACK_PROGRESS: &'static ::goplug::__private::CallbackSpec = &::goplug::__private::CallbackSpec {
        name: "progress",
        doc: "How far it has come.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "percent",
                ty: "int",
                schema: ::goplug::__private::schema!(u8),
            },
        ],
        returns: "Answer",
        answer: ::goplug::__private::schema!(bool),
    };
    const __CONTRACT: &'static ::goplug::__private::ContractSpec = &::goplug::__private::ContractSpec {
        name: "Report",
        methods: &[*Self::__METHOD_MAKE_REPORT],
        callbacks: &[*Self::__CALLBACK_PROGRESS],
    };
    /// Makes a report.
    pub async fn make_report(
        &self,
        title: &str,
        dry_run: bool,
    ) -> ::goplug::__private::Result<Page> {
        self.base
            .request::<
                _,
                _,
                Page,
            >(::goplug::__private::Json, Self::__METHOD_MAKE_REPORT, (title, &dry_run))
            .call()
            .await
    }
    /// Runs `handler` whenever the plugin calls back with `progress`.
    ///
    /// How far it has come.
    ///
    /// The handler runs until the subscription is dropped.
    pub async fn on_progress<F, Fut>(
        &self,
        handler: F,
    ) -> ::goplug::__private::Result<::goplug::__private::Subscription>
    where
        F: ::std::ops::Fn(u8) -> Fut + ::std::marker::Send + ::std::marker::Sync
            + 'static,
        Fut: ::std::future::Future<Output = bool> + ::std::marker::Send + 'static,
    {
        self.base
            .registration::<
                _,
                (u8,),
                bool,
            >(::goplug::__private::Json, Self::__CALLBACK_PROGRESS)
            .on(move |(percent,): (u8,)| handler(percent))
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> ReportBlockingClient<C> {
    /// Makes a report.
    pub fn make_report(
        &self,
        title: &str,
        dry_run: bool,
    ) -> ::goplug::__private::Result<Page> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    Page,
                >(
                    ::goplug::__private::Json,
                    <ReportClient>::__METHOD_MAKE_REPORT,
                    (title, &dry_run),
                )
                .call(),
        )
    }
    /// Runs `handler` whenever the plugin calls back with `progress`.
    ///
    /// How far it has come.
    ///
    /// The handler may block. It runs until the subscription is dropped.
    pub fn on_progress<F>(
        &self,
        handler: F,
    ) -> ::goplug::__private::Result<::goplug::__private::Subscription>
    where
        F: ::std::ops::Fn(u8) -> bool + ::std::marker::Send + ::std::marker::Sync
            + 'static,
    {
        ::goplug::__private::wait(
            self
                .base
                .registration::<
                    _,
                    (u8,),
                    bool,
                >(::goplug::__private::Json, <ReportClient>::__CALLBACK_PROGRESS)
                .on_blocking(move |(percent,): (u8,)| handler(percent)),
        )
    }
}
#[doc(hidden)]
pub trait __ReportClients {
    type __ClientOfTheContractDeclaredAsReport<C> where Self: ::std::marker::Sized;
    type __BlockingClientOfTheContractDeclaredAsReport<C>
    where
        Self: ::std::marker::Sized;
}
impl<T: ?::std::marker::Sized> __ReportClients for T {
    type __ClientOfTheContractDeclaredAsReport<C> = ReportClient<C>
    where
        Self: ::std::marker::Sized;
    type __BlockingClientOfTheContractDeclaredAsReport<C> = ReportBlockingClient<C>
    where
        Self: ::std::marker::Sized;
}
const _: () = {
    ::goplug::__private::check::parameter::<::std::string::String>();
    ::goplug::__private::check::parameter::<bool>();
    ::goplug::__private::check::result::<Page>();
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_hidden_bytes(
            ::goplug::__private::LossOf::<Page>::BYTES,
        )
    };
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_hidden_stream(
            ::goplug::__private::LossOf::<Page>::STREAM,
        )
    };
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_lost_some(
            ::goplug::__private::LossOf::<Page>::SOME,
        )
    };
    {
        #[allow(unused_imports)]
        use ::goplug::__private::ResultKindFallback as _;
        ::goplug::__private::check::no_result(
            ::goplug::__private::ResultKind::<Page>::IS_RESULT,
        );
    }
};
const _: () = {
    ::goplug::__private::check::parameter::<u8>();
    ::goplug::__private::check::result::<bool>();
};
