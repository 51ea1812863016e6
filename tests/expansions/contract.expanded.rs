/// Greets people.
pub trait Greeter: __GreeterClients {
    /// Greets one.
    fn greet(
        &self,
        name: &str,
    ) -> impl ::std::future::Future<
        Output = Result<String, GreetError>,
    > + ::std::marker::Send;
    /// Waves.
    fn wave(&self) -> u8 {
        1
    }
    /// One has been greeted.
    fn greeted(
        &self,
        name: &str,
    ) -> impl ::std::future::Future<Output = goplug::Result<()>> + ::std::marker::Send
    where
        Self: ::goplug::__private::PluginType,
    {
        async move {
            ::goplug::__private::outgoing::<
                Self,
                _,
                (),
            >(<GreeterClient>::__CALLBACK_GREETED, (name,))
                .emit()
                .await
        }
    }
    #[doc(hidden)]
    fn __has_goplug_plugin_on_it() -> ::goplug::__private::Contract
    where
        Self: ::goplug::__private::PluginType,
    {
        ::goplug::__private::Contract {
            spec: <GreeterClient>::__CONTRACT,
            dispatch: <[::goplug::__private::Dispatch]>::into_vec(
                ::std::boxed::Box::new([
                    ((|plugin, call| ::std::boxed::Box::pin(async move {
                        let plugin = ::goplug::__private::receiver::<Self>(plugin)?;
                        let (name,) = call
                            .arrived::<
                                (::std::string::String,),
                            >(<GreeterClient>::__METHOD_GREET)
                            .arguments()?;
                        ::goplug::__private::Attempt::<
                            false,
                            _,
                        >(<Self as Greeter>::greet(&plugin, &name).await)
                            .reply_to(<GreeterClient>::__METHOD_GREET)
                    })) as ::goplug::__private::Dispatch),
                    ((|plugin, _| ::std::boxed::Box::pin(async move {
                        let plugin = ::goplug::__private::receiver::<Self>(plugin)?;
                        ::goplug::__private::Answer(<Self as Greeter>::wave(&plugin))
                            .reply()
                    })) as ::goplug::__private::Dispatch),
                ]),
            ),
            streaming: ::std::option::Option::None,
        }
    }
}
/// The typed client of any plugin that fulfils `Greeter`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` and
/// `…_stream` for each callback. Cloning it is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct GreeterClient<C = ::goplug::__private::DefaultCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
/// The blocking client of any plugin that fulfils `Greeter`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` for
/// each callback. Each of these functions blocks the thread that calls it. Cloning the
/// client is cheap.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct GreeterBlockingClient<C = ::goplug::__private::DefaultBlockingCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
}
::goplug::__private::clients! {
    contract : GreeterClient, GreeterBlockingClient
}
impl<C: ::goplug::__private::Caller> GreeterClient<C> {
    const __METHOD_GREET: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "greet",
        doc: "Greets one.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "name",
                ty: "String",
                schema: ::goplug::__private::schema!(::std::string::String),
            },
        ],
        incoming: ::std::option::Option::None,
        returns: "Result<String, GreetError>",
        result: ::goplug::__private::schema!(String),
        error: ::goplug::__private::error!(GreetError as "GreetError"),
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: false,
    };
    const __METHOD_WAVE: &'static ::goplug::__private::MethodSpec = &::goplug::__private::MethodSpec {
        name: "wave",
        doc: "Waves.",
        params: &[],
        incoming: ::std::option::Option::None,
        returns: "u8",
        result: ::goplug::__private::schema!(u8),
        error: ::goplug::__private::ErrorSpec::NONE,
        progress: ::std::option::Option::None,
        stream: false,
        idempotent: false,
        optional: true,
    };
    const __CALLBACK_GREETED: &'static ::goplug::__private::CallbackSpec = &::goplug::__private::CallbackSpec {
        name: "greeted",
        doc: "One has been greeted.",
        params: &[
            ::goplug::__private::ParamSpec {
                name: "name",
                ty: "String",
                schema: ::goplug::__private::schema!(::std::string::String),
            },
        ],
        returns: "()",
        answer: ::goplug::__private::TypeSchema::OPAQUE,
    };
    const __CONTRACT: &'static ::goplug::__private::ContractSpec = &::goplug::__private::ContractSpec {
        name: "Greeter",
        methods: &[*Self::__METHOD_GREET, *Self::__METHOD_WAVE],
        callbacks: &[*Self::__CALLBACK_GREETED],
    };
    /// Greets one.
    pub async fn greet(
        &self,
        name: &str,
    ) -> ::std::result::Result<String, ::goplug::__private::CallError<GreetError>> {
        self.base
            .request::<
                _,
                _,
                ::std::result::Result<String, GreetError>,
            >(::goplug::__private::Json, Self::__METHOD_GREET, (name,))
            .try_call()
            .await
    }
    /// Waves.
    ///
    /// A plugin may lack the method: then the error is `Error::NotOffered`, and nothing was sent.
    pub async fn wave(&self) -> ::goplug::__private::Result<u8> {
        self.base
            .request::<_, _, u8>(::goplug::__private::Json, Self::__METHOD_WAVE, ())
            .call()
            .await
    }
    /// Whether the plugin has `wave`.
    ///
    /// The running process says so, or the `.pconf` if there is none.
    #[must_use]
    pub fn offers_wave(&self) -> bool {
        self.base.offers(Self::__METHOD_WAVE)
    }
    /// Runs `handler` whenever the plugin calls back with `greeted`.
    ///
    /// One has been greeted.
    ///
    /// The handler runs until the subscription is dropped.
    pub async fn on_greeted<F, Fut>(
        &self,
        handler: F,
    ) -> ::goplug::__private::Result<::goplug::__private::Subscription>
    where
        F: ::std::ops::Fn(::std::string::String) -> Fut + ::std::marker::Send
            + ::std::marker::Sync + 'static,
        Fut: ::std::future::Future<Output = ()> + ::std::marker::Send + 'static,
    {
        self.base
            .registration::<
                _,
                (::std::string::String,),
                (),
            >(::goplug::__private::Json, Self::__CALLBACK_GREETED)
            .on(move |(name,): (::std::string::String,)| handler(name))
            .await
    }
    /// The plugin's callback `greeted` as a stream.
    ///
    /// One has been greeted.
    ///
    /// Dropping the stream ends it; a stream that is not read makes the plugin wait.
    pub async fn greeted_stream(
        &self,
    ) -> ::goplug::__private::Result<
        ::goplug::__private::CallbackStream<::std::string::String>,
    > {
        self.base
            .registration::<
                _,
                (::std::string::String,),
                (),
            >(::goplug::__private::Json, Self::__CALLBACK_GREETED)
            .stream(|(arguments,): (::std::string::String,)| arguments)
            .await
    }
}
impl<C: ::goplug::__private::BlockingCaller> GreeterBlockingClient<C> {
    /// Greets one.
    pub fn greet(
        &self,
        name: &str,
    ) -> ::std::result::Result<String, ::goplug::__private::CallError<GreetError>> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    ::std::result::Result<String, GreetError>,
                >(::goplug::__private::Json, <GreeterClient>::__METHOD_GREET, (name,))
                .try_call(),
        )
    }
    /// Waves.
    ///
    /// A plugin may lack the method: then the error is `Error::NotOffered`, and nothing was sent.
    pub fn wave(&self) -> ::goplug::__private::Result<u8> {
        ::goplug::__private::wait(
            self
                .base
                .request::<
                    _,
                    _,
                    u8,
                >(::goplug::__private::Json, <GreeterClient>::__METHOD_WAVE, ())
                .call(),
        )
    }
    /// Whether the plugin has `wave`.
    ///
    /// The running process says so, or the `.pconf` if there is none.
    #[must_use]
    pub fn offers_wave(&self) -> bool {
        self.base.offers(<GreeterClient>::__METHOD_WAVE)
    }
    /// Runs `handler` whenever the plugin calls back with `greeted`.
    ///
    /// One has been greeted.
    ///
    /// The handler may block. It runs until the subscription is dropped.
    pub fn on_greeted<F>(
        &self,
        handler: F,
    ) -> ::goplug::__private::Result<::goplug::__private::Subscription>
    where
        F: ::std::ops::Fn(::std::string::String) + ::std::marker::Send
            + ::std::marker::Sync + 'static,
    {
        ::goplug::__private::wait(
            self
                .base
                .registration::<
                    _,
                    (::std::string::String,),
                    (),
                >(::goplug::__private::Json, <GreeterClient>::__CALLBACK_GREETED)
                .on_blocking(move |(name,): (::std::string::String,)| handler(name)),
        )
    }
}
#[doc(hidden)]
pub trait __GreeterClients {
    type __ClientOfTheContractDeclaredAsGreeter<C> where Self: ::std::marker::Sized;
    type __BlockingClientOfTheContractDeclaredAsGreeter<C>
    where
        Self: ::std::marker::Sized;
}
impl<T: ?::std::marker::Sized> __GreeterClients for T {
    type __ClientOfTheContractDeclaredAsGreeter<C> = GreeterClient<C>
    where
        Self: ::std::marker::Sized;
    type __BlockingClientOfTheContractDeclaredAsGreeter<C> = GreeterBlockingClient<C>
    where
        Self: ::std::marker::Sized;
}
const _: () = {
    ::goplug::__private::check::parameter::<::std::string::String>();
    ::goplug::__private::check::result::<String>();
    ::goplug::__private::check::error::<GreetError>();
    ::goplug::__private::check::typed::<
        Result<String, GreetError>,
        String,
        GreetError,
    >();
};
const _: () = {
    ::goplug::__private::check::result::<u8>();
};
const _: () = {
    ::goplug::__private::check::parameter::<::std::string::String>();
};
impl Greeter for Polite {
    async fn greet(&self, name: &str) -> Result<String, GreetError> {
        Ok(format!("Good day, {name}."))
    }
}
const _: () = {
    const __ENTRY: ::goplug::__private::Entry = ::goplug::__private::Entry::new::<
        Polite,
    >(
        ::goplug::__private::Item::Contract(
            <Polite as Greeter>::__has_goplug_plugin_on_it,
        ),
    );
    ::goplug::__private::inventory::submit! {
        __ENTRY
    }
};
impl ::goplug::__private::PluginType for Polite {
    const NAME: &'static str = "Polite";
    const NAMESPACE: &'static str = "greeters";
    const VERSION: &'static str = ::std::env!("CARGO_PKG_VERSION");
    const URL: ::std::option::Option<&'static str> = ::std::option::Option::None;
    const LAZY_LOAD: bool = false;
    fn create() -> ::std::option::Option<Self> {
        #[allow(unused_imports)]
        use ::goplug::__private::{DefaultValue as _, NoInitialValue as _};
        ::goplug::__private::InitialValue::<Polite>::new().create()
    }
}
#[doc(hidden)]
trait __PoliteContract<C> {
    type Client;
    type BlockingClient;
}
impl<C, P: Greeter> __PoliteContract<C> for P {
    type Client = P::__ClientOfTheContractDeclaredAsGreeter<C>;
    type BlockingClient = P::__BlockingClientOfTheContractDeclaredAsGreeter<C>;
}
/// The typed client of the plugin `Polite`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` and
/// `…_stream` for each callback. Cloning it is cheap.
///
/// Those of the contract are methods of the contract's client, to which this one dereferences.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct PoliteClient<C = ::goplug::__private::DefaultCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
    contract: <Polite as __PoliteContract<C>>::Client,
}
/// The blocking client of the plugin `Polite`.
///
/// Generated. It has each method of the plugin, with the same parameters, and `on_…` for
/// each callback. Each of these functions blocks the thread that calls it. Cloning the
/// client is cheap.
///
/// Those of the contract are methods of the contract's client, to which this one dereferences.
#[derive(::std::clone::Clone, ::std::fmt::Debug)]
pub struct PoliteBlockingClient<C = ::goplug::__private::DefaultBlockingCaller> {
    pub(crate) base: ::goplug::__private::ClientBase<C>,
    contract: <Polite as __PoliteContract<C>>::BlockingClient,
}
::goplug::__private::clients! {
    plugin Polite as "Polite" in "greeters" by __PoliteContract : PoliteClient,
    PoliteBlockingClient
}
