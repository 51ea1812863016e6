//! A plugin in this process: it dispatches through the plugin's own table, as its
//! server would, and calls the client's handlers, as its host would.

use std::any::TypeId;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use goplug::{
    BlockingCaller, Caller, Client, Error, MethodFailure, PluginType, Result, Subscription,
};
use goplug_runtime::protocol::{Descriptor, PluginId, Problem};
use goplug_runtime::typed::{
    Activation, Activator, Call, CallRequest, CallbackEvent, CallbackHandler, CallbackKind,
    Configuration, Context, Emission, Expectation, Inherited, MediaType, Notifier, Payload,
    PluginValue, Scope, Table, table,
};

/// A running plugin of the type `P`.
pub(crate) struct InProcess<P> {
    value: PluginValue,
    handlers: Arc<Handlers>,
    table: Arc<Table>,
    plugin: PhantomData<fn() -> P>,
}

impl<P: PluginType> InProcess<P> {
    /// A plugin whose activation builds its value.
    pub(crate) async fn open(configuration: &'static str) -> anyhow::Result<Self> {
        let table = Arc::new(table::<P>().unwrap());
        let Some(Activation::Build(open)) = table.activate else { panic!("it builds nothing") };
        let value = open(Configuration::new(Bytes::from_static(configuration.as_bytes()))).await?;
        Ok(Self { value, handlers: Arc::default(), table, plugin: PhantomData })
    }

    pub(crate) fn start() -> Self {
        Self {
            value: Arc::new(P::create().unwrap()),
            handlers: Arc::default(),
            table: Arc::new(table::<P>().unwrap()),
            plugin: PhantomData,
        }
    }

    pub(crate) fn client<T: Client<Caller = Self>>(&self) -> T {
        goplug_runtime::typed::ClientBase::bind(self.clone()).unwrap()
    }

    pub(crate) fn descriptor(&self) -> Descriptor {
        self.table.descriptor::<P>()
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    pub(crate) fn value(&self) -> PluginValue {
        Arc::clone(&self.value)
    }

    pub(crate) fn context(&self) -> Context {
        let notifier: Arc<Handlers> = Arc::clone(&self.handlers);
        Context::new(TypeId::of::<P>(), notifier)
    }
}

impl<P> Clone for InProcess<P> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            handlers: Arc::clone(&self.handlers),
            table: Arc::clone(&self.table),
            plugin: PhantomData,
        }
    }
}

impl<P> std::fmt::Debug for InProcess<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

impl<P: PluginType> Caller for InProcess<P> {
    async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        let entry = self.table.methods.iter().find(|(spec, _)| spec.name == request.method);
        let Some((_, dispatch)) = entry else {
            return Err(Error::UnknownMethod { method: request.method.into() });
        };
        let reply = dispatch(Arc::clone(&self.value), Call::new(request.whole_body()));
        let scope = Scope::of_call(Some(&self.context()), Inherited::default());
        match scope.run(reply).await {
            Ok(reply) => Ok(reply.whole_body()),
            Err(problem) => Err(error(request.method, &problem)),
        }
    }

    async fn subscribe(
        &self,
        callback: &'static str,
        handler: CallbackHandler,
    ) -> Result<Subscription> {
        self.handlers.lock().insert(callback, handler);
        let handlers = Arc::clone(&self.handlers);
        Ok(Subscription::new(move || drop(handlers.lock().remove(callback))))
    }

    fn check(&self, expectation: &Expectation) -> Result<()> {
        let differences = expectation.differences(&self.table.described::<P>());
        if differences.is_empty() {
            return Ok(());
        }
        let id = PluginId::new(P::NAME, P::NAMESPACE)?;
        Err(Error::Contract { id, client: expectation.client(), differences })
    }
}

/// Its methods wait for nothing but threads of their own.
impl<P: PluginType> BlockingCaller for InProcess<P> {}

fn error(method: &str, problem: &Problem) -> Error {
    let detail = problem.detail.clone();
    match (&problem.error, &problem.parameter) {
        (Some(error), _) => Error::Method(MethodFailure { error: Some(error.clone()), detail }),
        (None, Some(parameter)) => Error::Arguments {
            method: method.into(),
            parameter: Some(parameter.clone()),
            expected: problem.expected.clone(),
            detail,
        },
        (None, None) => Error::Protocol(detail),
    }
}

/// The activation hook of a plugin that has its value from the start.
pub(crate) fn activator(table: &Table) -> Activator {
    match table.activate {
        Some(Activation::Run(hook)) => hook,
        other => panic!("{other:?}"),
    }
}

#[derive(Default)]
struct Handlers(Mutex<HashMap<&'static str, CallbackHandler>>);

impl Handlers {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, CallbackHandler>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifier for Handlers {
    fn emit<'a>(
        &'a self,
        callback: &'a str,
        payload: Payload<'a>,
        _: CallbackKind,
    ) -> Emission<'a> {
        Box::pin(async move {
            let handler = self.lock().get(callback).cloned();
            let Some(handler) = handler else {
                return Err(Error::NotRegistered { callback: callback.into() });
            };
            let Payload { data, media_type } = payload;
            let event = CallbackEvent { data: Bytes::copy_from_slice(data), media_type };
            match handler.call(event).await {
                Ok(reply) => {
                    assert_eq!(reply.media_type, MediaType::Json);
                    Ok(reply.body)
                }
                Err(problem) => Err(error(callback, &problem)),
            }
        })
    }
}
