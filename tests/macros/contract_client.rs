//! The client of a plugin that is declared by fulfilling a contract has the contract's members.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use goplug::Caller;

use crate::double::InProcess;

/// Contracts as another module, or another crate, has them.
mod contract {
    #[goplug::plugin]
    pub(crate) trait Lamp: Send + Sync {
        #[goplug::method]
        fn brightness(&self) -> u8;

        #[goplug::method(name = "lamp.dim")]
        async fn dim(&self, by: u8) -> Result<u8, String> {
            self.brightness().checked_sub(by).ok_or_else(|| "it is dark".to_owned())
        }

        #[goplug::callback]
        async fn dimmed(&self, by: u8) -> goplug::Result<()>;
    }

    /// A contract that extends another.
    #[goplug::plugin]
    pub(crate) trait ColourLamp: Lamp {
        #[goplug::method]
        fn colour(&self) -> String;
    }

    /// The client of a public plugin leads to the client of a private contract.
    #[goplug::plugin]
    trait Hidden {
        #[goplug::method]
        fn hidden(&self) -> bool;
    }

    #[allow(unreachable_pub)]
    #[derive(Default)]
    pub struct OfHidden;

    #[goplug::plugin]
    impl Hidden for OfHidden {
        fn hidden(&self) -> bool {
            true
        }
    }

    pub(crate) async fn is_hidden<C: goplug::Caller>(client: &OfHiddenClient<C>) -> bool {
        client.hidden().await.unwrap()
    }
}

// The contracts' clients are not imported.
use contract::{ColourLamp, Lamp};

#[derive(Default)]
struct Desk;

#[goplug::plugin]
impl Lamp for Desk {
    fn brightness(&self) -> u8 {
        7
    }

    async fn dim(&self, by: u8) -> Result<u8, String> {
        self.dimmed(by).await.map_err(|error| error.to_string())?;
        Ok(7 - by)
    }
}

#[goplug::method(Desk)]
fn switch(on: bool) -> bool {
    !on
}

#[derive(Default)]
struct Party;

#[goplug::plugin]
impl ColourLamp for Party {
    fn colour(&self) -> String {
        "red".to_owned()
    }
}

#[goplug::plugin(Party)]
impl Lamp for Party {
    fn brightness(&self) -> u8 {
        9
    }
}

fn desk() -> DeskClient<InProcess<Desk>> {
    InProcess::start().client()
}

#[tokio::test]
async fn it_calls_the_methods_of_the_contract_and_those_of_the_plugin() {
    let desk = desk();
    assert_eq!(desk.brightness().await.unwrap(), 7);
    assert!(desk.switch(false).await.unwrap());
}

#[test]
fn it_needs_the_members_of_the_contract_and_those_of_the_plugin() {
    let needs = <DeskClient<InProcess<Desk>> as goplug::Client>::expectation();
    let methods: Vec<_> = needs.methods().collect();
    assert!(methods.contains(&"brightness") && methods.contains(&"switch"), "{methods:?}");
}

#[tokio::test]
async fn it_listens_to_the_callbacks_of_the_contract() {
    let (desk, heard) = (desk(), Arc::new(Mutex::new(Vec::new())));
    let sink = Arc::clone(&heard);
    let handler = desk.on_dimmed(move |by| {
        sink.lock().unwrap().push(by);
        std::future::ready(())
    });
    let subscription = handler.await.unwrap();
    assert_eq!(desk.dim(2).await.unwrap(), 5);
    drop(subscription);

    let mut stream = desk.dimmed_stream().await.unwrap();
    assert_eq!(desk.dim(3).await.unwrap(), 4);
    assert_eq!(stream.next().await, Some(3));
    assert_eq!(*heard.lock().unwrap(), [2]);
}

#[test]
fn so_does_the_blocking_client() {
    let desk: DeskBlockingClient<_> = InProcess::<Desk>::start().client();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = tokio.enter();
    let _subscription = desk.on_dimmed(move |by| sink.lock().unwrap().push(by)).unwrap();
    assert_eq!((desk.brightness().unwrap(), desk.dim(1).unwrap()), (7, 6));
    assert_eq!(*heard.lock().unwrap(), [1]);
}

#[tokio::test]
async fn a_contract_may_extend_a_contract() {
    let party: PartyClient<_> = InProcess::<Party>::start().client();
    assert_eq!(party.colour().await.unwrap(), "red");
    // The contract that another attribute adds has its own client.
    let lamp = contract::LampClient::new(party.plugin().clone()).unwrap();
    assert_eq!(lamp.brightness().await.unwrap(), 9);
    assert!(lamp.dim(10).await.is_err());
}

#[tokio::test]
async fn a_public_plugin_may_fulfil_a_private_contract() {
    let hidden = InProcess::<contract::OfHidden>::start().client();
    assert!(contract::is_hidden(&hidden).await);
}

/// Notes the timeout of the last call.
#[derive(Clone, Debug)]
struct Timed(Arc<Mutex<Option<Duration>>>);

impl Caller for Timed {
    async fn call(&self, request: goplug::CallRequest<'_>) -> goplug::Result<goplug::Bytes> {
        *self.0.lock().unwrap() = request.timeout;
        Ok("1".into())
    }

    async fn subscribe(
        &self,
        _: &'static str,
        _: goplug::CallbackHandler,
    ) -> goplug::Result<goplug::Subscription> {
        Ok(goplug::Subscription::new(|| ()))
    }
}

#[tokio::test]
async fn a_timeout_holds_for_the_methods_of_the_contract_too() {
    let (timed, minute) = (Timed(Arc::default()), Duration::from_secs(60));
    let desk = DeskClient::new(timed.clone()).unwrap().with_timeout(minute);
    assert_eq!(desk.brightness().await.unwrap(), 1);
    assert_eq!(*timed.0.lock().unwrap(), Some(minute));
}
