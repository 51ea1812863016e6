/// Renders reports.
pub struct Report;
impl ::goplug::__private::PluginType for Report {
    const NAME: &'static str = "Report";
    const NAMESPACE: &'static str = "acme";
    const VERSION: &'static str = ::std::env!("CARGO_PKG_VERSION");
    const URL: ::std::option::Option<&'static str> = ::std::option::Option::None;
    const LAZY_LOAD: bool = false;
    const PERMISSIONS: ::goplug::__private::PermissionsSpec = ::goplug::__private::PermissionsSpec {
        read: &["/usr/share/dict"],
        write: &[],
        connect: &[587],
        udp: false,
        unix_sockets: false,
        memory: ::std::option::Option::Some(268435456u64),
    };
    fn create() -> ::std::option::Option<Self> {
        ::std::option::Option::Some(Self)
    }
}
/// The typed client of the plugin `Report`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` and
/// `…_stream` for each callback. Cloning it is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct ReportClient<C = ::goplug::__private::DefaultCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
/// The blocking client of the plugin `Report`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` for
/// each callback. Each of these functions blocks the thread that calls it. Cloning the
/// client is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct ReportBlockingClient<C = ::goplug::__private::DefaultBlockingCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
::goplug::__private::clients! {
    plugin Report as "Report" in "acme" : ReportClient, ReportBlockingClient
}
const _: () = {
    #[allow(unused_imports)]
    use Database as _;
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Report,
    >(
        ::goplug::__private::Item::Need(
            ::goplug::__private::need::<DatabaseClient>,
            false,
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
const _: () = {
    #[allow(unused_imports)]
    use caches::Cache as _;
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Report,
    >(
        ::goplug::__private::Item::Need(
            ::goplug::__private::need::<caches::CacheClient>,
            true,
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
/// Renders a page.
pub async fn render(page: u32) -> goplug::Result<String> {
    goplug::host::<DatabaseClient<goplug::Host>>()?.title(page).await
}
const _: () = {
    ::goplug::__private::check::parameter::<u32>();
    ::goplug::__private::check::result::<String>();
    ::goplug::__private::check::outcome::<goplug::Result<String>, String, true>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Report,
    >(
        ::goplug::__private::Item::Method(
            <ReportClient>::__METHOD_RENDER,
            |_, call| ::std::boxed::Box::pin(async move {
                let (page,) = call
                    .arrived::<(u32,)>(<ReportClient>::__METHOD_RENDER)
                    .arguments()?;
                ::goplug::__private::Attempt::<true, _>(render(page).await)
                    .reply_to(<ReportClient>::__METHOD_RENDER)
            }),
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> ReportClient<C> {
    const __METHOD_RENDER: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "render",
        doc: "Renders a page.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "page",
                ty: "u32",
                schema: ::goplug::__private::schema!(u32),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Result<String>",
        result: ::goplug::__private::schema!(String),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Renders a page.
    pub async fn render(
        &self,
        page: u32,
    ) -> ::std::result::Result<
        String,
        ::goplug::__private::CallError<::goplug::__private::RemoteError>,
    > {
        self.base
            .request::<
                _,
                _,
                ::std::result::Result<String, ::goplug::__private::RemoteError>,
            >(::goplug::__private::Json, Self::__METHOD_RENDER, (&page,))
            .try_call()
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> ReportBlockingClient<C> {
    /// Renders a page.
    pub fn render(
        &self,
        page: u32,
    ) -> ::std::result::Result<
        String,
        ::goplug::__private::CallError<::goplug::__private::RemoteError>,
    > {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    ::std::result::Result<String, ::goplug::__private::RemoteError>,
                >(::goplug::__private::Json, <ReportClient>::__METHOD_RENDER, (&page,))
                .try_call(),
        )
    }
}
