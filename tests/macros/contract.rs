//! A contract that two plugins fulfil; one of them fulfils two.

use std::sync::{Arc, Mutex};

use goplug::{CallError, Client as _, Error};
use goplug_runtime::typed::ClientBase;
use serde::{Deserialize, Serialize};

use crate::double::InProcess;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum GreetError {
    Nobody,
}

#[goplug::plugin]
trait Greeter: Send {
    /// Greets somebody.
    #[goplug::method]
    async fn greet(&self, name: &str) -> Result<String, GreetError>;

    #[goplug::method(name = "tone.get")]
    fn tone(&self) -> String {
        "plain".to_owned()
    }

    /// Somebody has been greeted.
    #[goplug::callback]
    async fn greeted(&self, name: &str) -> goplug::Result<()>;

    /// Greets somebody again.
    #[goplug::method]
    async fn again(&self, name: &str) -> Result<String, GreetError> {
        let first = self.greet(name).await?;
        Ok(format!("{first} {}", self.unmarked()))
    }

    fn unmarked(&self) -> u8 {
        1
    }
}

#[goplug::plugin]
trait Parting {
    #[goplug::method]
    async fn part(&self) -> String;
}

#[derive(Default)]
struct Polite;

#[goplug::plugin(name = "Polite", namespace = "greeters")]
impl Greeter for Polite {
    async fn greet(&self, name: &str) -> Result<String, GreetError> {
        if name.is_empty() {
            return Err(GreetError::Nobody);
        }
        self.greeted(name).await.unwrap();
        Ok(format!("Good day, {name}. {}", self.unmarked()))
    }

    fn tone(&self) -> String {
        "polite".to_owned()
    }
}

#[goplug::plugin(Polite)]
impl Parting for Polite {
    async fn part(&self) -> String {
        "Farewell.".to_owned()
    }
}

/// Declared by its struct: the contracts add to it, and so does a function.
#[goplug::plugin]
struct Curt;

#[goplug::plugin(Curt)]
impl Greeter for Curt {
    async fn greet(&self, name: &str) -> Result<String, GreetError> {
        Ok(name.to_owned())
    }
}

#[goplug::method(Curt)]
fn shrug() -> u8 {
    0
}

#[tokio::test]
async fn one_client_calls_every_plugin_that_fulfils_the_contract() {
    let polite: GreeterClient<_> = InProcess::<Polite>::start().client();
    let curt: GreeterClient<_> = InProcess::<Curt>::start().client();
    let greeted = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&greeted);
    let _subscription = polite
        .on_greeted(move |name| {
            sink.lock().unwrap().push(name);
            std::future::ready(())
        })
        .await
        .unwrap();

    assert_eq!(polite.greet("Ada").await.unwrap(), "Good day, Ada. 1");
    assert_eq!(curt.greet("Ada").await.unwrap(), "Ada");
    assert_eq!(*greeted.lock().unwrap(), ["Ada"]);
}

#[tokio::test]
async fn the_contracts_error_arrives_as_its_type() {
    let polite: GreeterClient<_> = InProcess::<Polite>::start().client();
    let error = polite.greet("").await.unwrap_err();
    assert!(matches!(error, CallError::Method(GreetError::Nobody)));
}

#[tokio::test]
async fn what_a_contract_provides_may_be_left_as_it_is() {
    let polite: GreeterClient<_> = InProcess::<Polite>::start().client();
    let curt: GreeterClient<_> = InProcess::<Curt>::start().client();
    assert_eq!(polite.tone().await.unwrap(), "polite");
    assert_eq!(curt.tone().await.unwrap(), "plain");
    assert_eq!(curt.again("Ada").await.unwrap(), "Ada 1");
}

#[tokio::test]
async fn a_plugin_may_fulfil_two_contracts_and_have_methods_of_its_own() {
    let parting: PartingClient<_> = InProcess::<Polite>::start().client();
    assert_eq!(parting.part().await.unwrap(), "Farewell.");
    let curt: CurtClient<_> = InProcess::<Curt>::start().client();
    assert_eq!(curt.shrug().await.unwrap(), 0);
}

#[test]
fn a_client_does_not_bind_to_a_plugin_that_lacks_the_contract() {
    let curt = InProcess::<Curt>::start();
    let error = ClientBase::bind::<PartingClient<_>>(curt).unwrap_err();
    let Error::Contract { client, differences, .. } = error else { panic!("{error}") };
    assert!(client.contains("PartingClient"), "{client}");
    assert_eq!(differences.len(), 1, "{differences:?}");
    let both = "\n  client: part() -> String\n  plugin: no method of this name\n";
    assert!(differences[0].contains(both), "{differences:?}");
    let expected: Vec<_> = GreeterClient::<InProcess<Curt>>::expectation().methods().collect();
    assert_eq!(expected, ["greet", "tone.get", "again"]);
}
