//! The errors of methods and hooks, as people see them.

use std::error::Error as StdError;
use std::fmt;

use anyhow::Context as _;
use goplug::CallError;
use goplug_runtime::typed::Configuration;
use serde::{Deserialize, Serialize};

use crate::double::{InProcess, activator};

#[goplug::plugin]
pub(crate) struct Printer;

/// An error that says what is wrong, and has a cause.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Jammed {
    cause: Torn,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Torn {
    page: u32,
}

impl fmt::Display for Jammed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the printer is jammed")
    }
}

impl StdError for Jammed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.cause)
    }
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "page {} is torn", self.page)
    }
}

impl StdError for Torn {}

/// It can be shown, and is no error of the standard library's kind.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Shown(u8);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shade {} is out", self.0)
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum OnlyDebug {
    Tray { number: u8 },
}

type ShadeResult = Result<u8, Shown>;

#[goplug::method(Printer)]
fn jam() -> Result<(), Jammed> {
    Err(Jammed { cause: Torn { page: 3 } })
}

#[goplug::method(Printer)]
fn shade() -> ShadeResult {
    Err(Shown(7))
}

#[goplug::method(Printer)]
fn tray() -> Result<(), OnlyDebug> {
    Err(OnlyDebug::Tray { number: 2 })
}

#[goplug::method(Printer)]
fn text() -> Result<(), String> {
    Err("it says \"no\"".into())
}

#[goplug::method(Printer)]
fn ink() -> anyhow::Result<()> {
    Err(anyhow::anyhow!("cyan is empty")).context("page 4").context("printing")
}

#[goplug::activate(Printer)]
fn open() -> Result<(), String> {
    Err("there is no printer".into())
}

#[goplug::stop(Printer)]
async fn close() -> Result<(), Box<dyn StdError>> {
    Err("it does not answer".into())
}

/// Its hooks fail with errors of other types.
#[goplug::plugin]
pub(crate) struct Scanner;

#[goplug::method(Scanner)]
fn scan() {}

#[goplug::activate(Scanner)]
async fn warm_up() -> Result<(), Box<dyn StdError + Send + Sync>> {
    Err(Box::new(Jammed { cause: Torn { page: 1 } }))
}

#[goplug::stop(Scanner)]
fn cool_down() -> Result<(), Shown> {
    Err(Shown(1))
}

fn printer() -> PrinterClient<InProcess<Printer>> {
    InProcess::start().client()
}

/// An error and its causes.
fn causes(error: &dyn StdError) -> Vec<String> {
    std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_methods_error_is_shown_by_its_display() {
    let jam = printer().jam().await.unwrap_err();
    let expected = ["the printer is jammed", "page 3 is torn"];
    assert_eq!(causes(&jam), expected);
    let shade = printer().shade().await.unwrap_err();
    assert_eq!(causes(&shade), ["shade 7 is out"]);
    let text = printer().text().await.unwrap_err();
    assert_eq!(text.to_string(), "it says \"no\"");
}

#[tokio::test]
async fn an_error_without_display_is_shown_by_its_debug() {
    let tray = printer().tray().await.unwrap_err();
    assert_eq!(tray.to_string(), "the method answered with an error: Tray { number: 2 }");
    assert!(tray.source().is_none());
}

#[tokio::test]
async fn the_causes_of_an_opaque_error_arrive_as_causes() {
    let ink = printer().ink().await.unwrap_err();
    let expected = ["printing", "page 4", "cyan is empty"];
    assert_eq!(causes(&ink), expected);
    let line = format!("{:#}", anyhow::Error::from(ink));
    assert_eq!(line, "printing: page 4: cyan is empty");
}

#[tokio::test]
async fn the_question_mark_makes_goplugs_error_of_every_methods_error() {
    async fn all(printer: &PrinterClient<InProcess<Printer>>, which: u8) -> goplug::Result<()> {
        match which {
            0 => printer.jam().await?,
            1 => drop(printer.shade().await?),
            2 => printer.tray().await?,
            3 => printer.text().await?,
            _ => printer.ink().await?,
        }
        Ok(())
    }
    let expected = [
        ("the printer is jammed", r#"{"cause":{"page":3}}"#),
        ("shade 7 is out", "7"),
        ("Tray { number: 2 }", r#"{"Tray":{"number":2}}"#),
        ("it says \"no\"", r#""it says \"no\"""#),
        (
            "printing: page 4: cyan is empty",
            r#"{"message":"printing","chain":["page 4","cyan is empty"]}"#,
        ),
    ];
    for (which, (text, value)) in expected.into_iter().enumerate() {
        let error = all(&printer(), which as u8).await.unwrap_err();
        assert_eq!(error.to_string(), text);
        let goplug::Error::Method(failure) = error else { panic!("{error}") };
        assert_eq!(failure.error.unwrap().get(), value);
    }
}

#[tokio::test]
async fn the_question_mark_keeps_the_type_for_anyhow() {
    async fn jam(printer: &PrinterClient<InProcess<Printer>>) -> anyhow::Result<()> {
        Ok(printer.jam().await?)
    }
    let error = jam(&printer()).await.unwrap_err();
    let error = error.downcast::<CallError<Jammed>>().unwrap();
    assert!(matches!(error, CallError::Method(Jammed { cause: Torn { page: 3 } })));
}

#[tokio::test]
async fn a_hook_may_fail_with_a_text_or_any_boxed_error() {
    let (printer, scanner) = (InProcess::<Printer>::start(), InProcess::<Scanner>::start());
    let mut texts = Vec::new();
    for (plugin, value) in [(printer.table(), printer.value()), (scanner.table(), scanner.value())]
    {
        let activate = activator(plugin)(value.clone(), Configuration::default());
        texts.push(format!("{:#}", activate.await.unwrap_err()));
        texts.push(format!("{:#}", plugin.stop.unwrap()(value).await.unwrap_err()));
    }
    let expected = [
        "there is no printer",
        "it does not answer",
        "the printer is jammed: page 1 is torn",
        "shade 1 is out",
    ];
    assert_eq!(texts, expected);
}
