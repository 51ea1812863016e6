//! Bytes travel as they are alone or last beside a value; within other types there is no place for them.

use goplug::Bytes;

#[goplug::plugin]
struct Images;

#[goplug::method(Images)]
fn join(images: Vec<Bytes>) -> u8 {
    images.len().try_into().unwrap_or_default()
}

#[goplug::method(Images)]
fn split(image: Bytes) -> Vec<Bytes> {
    vec![image]
}

#[goplug::method(Images)]
fn find(name: &str) -> Option<Bytes> {
    (name == "a").then(Bytes::new)
}

#[goplug::method(Images)]
fn load(number: u8) -> Result<(u8, Option<Bytes>), String> {
    Ok((number, None))
}

#[goplug::method(Images)]
fn first(number: u8) -> (Bytes, u8) {
    (Bytes::new(), number)
}

fn main() {}
