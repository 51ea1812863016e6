#[allow(clippy::needless_pass_by_value, reason = "a method gets its own `Progress`")]
/// Adds the numbers up to `n`.
async fn sum_up_to(n: u64, progress: goplug::Progress<u8>) -> Result<u64, TooMany> {
    add(n, progress).await
}
const _: () = {
    ::goplug::__private::check::parameter::<u64>();
    ::goplug::__private::check::progress::<goplug::Progress<u8>>();
    ::goplug::__private::check::report::<u8>();
    ::goplug::__private::check::result::<u64>();
    ::goplug::__private::check::error::<TooMany>();
    ::goplug::__private::check::typed::<Result<u64, TooMany>, u64, TooMany>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Sum,
    >(
        ::goplug::__private::Item::Streaming(
            <SumClient>::__METHOD_SUM_UP_TO,
            |_, call| ::std::boxed::Box::pin(async move {
                let (progress, reports) = call.progress::<u8>();
                let (n,) = call
                    .arrived::<(u64,)>(<SumClient>::__METHOD_SUM_UP_TO)
                    .arguments()?;
                reports
                    .until(async move {
                        ::goplug::__private::Attempt::<
                            false,
                            _,
                        >(sum_up_to(n, progress).await)
                            .reply_to(<SumClient>::__METHOD_SUM_UP_TO)
                    })
                    .await
            }),
            ::goplug::__private::STREAMING,
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> SumClient<C> {
    const __METHOD_SUM_UP_TO: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "sum_up_to",
        doc: "Adds the numbers up to `n`.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "n",
                ty: "u64",
                schema: ::goplug::__private::schema!(u64),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Result<u64, TooMany>",
        result: ::goplug::__private::schema!(u64),
        error: ::goplug::__private::error!(TooMany as "TooMany"),
        progress: ::std::option::Option::Some(::goplug::__private::ProgressSpec {
            ty: "u8",
            schema: ::goplug::__private::schema!(u8),
        }),
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Adds the numbers up to `n`.
    pub async fn sum_up_to(
        &self,
        n: u64,
        progress: impl ::std::ops::FnMut(u8) + ::std::marker::Send,
    ) -> ::std::result::Result<u64, ::goplug::__private::CallError<TooMany>> {
        self.base
            .request::<
                _,
                _,
                ::std::result::Result<u64, TooMany>,
            >(::goplug::__private::Json, Self::__METHOD_SUM_UP_TO, (&n,))
            .try_call_with_progress(progress)
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> SumBlockingClient<C> {
    /// Adds the numbers up to `n`.
    pub fn sum_up_to(
        &self,
        n: u64,
        progress: impl ::std::ops::FnMut(u8) + ::std::marker::Send,
    ) -> ::std::result::Result<u64, ::goplug::__private::CallError<TooMany>> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    ::std::result::Result<u64, TooMany>,
                >(::goplug::__private::Json, <SumClient>::__METHOD_SUM_UP_TO, (&n,))
                .try_call_with_progress(progress),
        )
    }
}
#[allow(clippy::needless_pass_by_value, reason = "a method gets its own `Progress`")]
fn count(progress: Progress<Step>, call: CallContext) {
    steps(progress, call)
}
const _: () = {
    ::goplug::__private::check::context::<CallContext>();
    ::goplug::__private::check::progress::<Progress<Step>>();
    ::goplug::__private::check::report::<Step>();
    const _: () = {
        #[allow(unused_imports)]
        use ::goplug::__private::NoLoss as _;
        ::goplug::__private::check::no_lost_some(
            ::goplug::__private::LossOf::<Step>::SOME,
        )
    };
    ::goplug::__private::check::result::<()>();
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Sum,
    >(
        ::goplug::__private::Item::Streaming(
            <SumClient>::__METHOD_COUNT,
            |_, call| ::std::boxed::Box::pin(async move {
                let context = ::goplug::__private::call_context();
                let (progress, reports) = call.progress::<Step>();
                reports
                    .until(async move {
                        ::goplug::__private::Answer(
                                ::goplug::__private::blocking(move || count(
                                        progress,
                                        context,
                                    ))
                                    .await?,
                            )
                            .reply()
                    })
                    .await
            }),
            ::goplug::__private::STREAMING,
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl<C: ::goplug::__private::Caller> SumClient<C> {
    const __METHOD_COUNT: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "count",
        doc: "",
        params: &[],
        incoming: ::std::option::Option::None,
        returns: "()",
        result: ::goplug::__private::schema!(()),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::Some(::goplug::__private::ProgressSpec {
            ty: "Step",
            schema: ::goplug::__private::schema!(Step),
        }),
        stream: false,
        idempotent: false,
        optional: false,
    };
    /// Calls the plugin's method `count`.
    pub async fn count(
        &self,
        progress: impl ::std::ops::FnMut(Step) + ::std::marker::Send,
    ) -> ::goplug::__private::Result<()> {
        self.base
            .request::<_, _, ()>(::goplug::__private::Json, Self::__METHOD_COUNT, ())
            .call_with_progress(progress)
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> SumBlockingClient<C> {
    /// Calls the plugin's method `count`.
    pub fn count(
        &self,
        progress: impl ::std::ops::FnMut(Step) + ::std::marker::Send,
    ) -> ::goplug::__private::Result<()> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    (),
                >(::goplug::__private::Json, <SumClient>::__METHOD_COUNT, ())
                .call_with_progress(progress),
        )
    }
}
