//! JSON has one `null`, whatever the type is called.

#[goplug::plugin]
struct Settings;

type Maybe<T> = Option<Option<T>>;
type Nothing = ();
type FoundResult = Result<Option<Option<u8>>, String>;

#[goplug::method(Settings)]
fn change(name: Maybe<String>, all: Vec<Option<Nothing>>) -> bool {
    name.is_some() || all.is_empty()
}

#[goplug::method(Settings)]
fn find(name: &str) -> Result<Maybe<u8>, String> {
    Err(name.to_owned())
}

#[goplug::method(Settings)]
fn look(name: &str) -> FoundResult {
    Err(name.to_owned())
}

#[goplug::callback(Settings)]
async fn changed(to: Maybe<u8>) -> goplug::Result<Option<Nothing>>;

fn main() {}
