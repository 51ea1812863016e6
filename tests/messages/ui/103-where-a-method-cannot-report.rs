use goplug::{Bytes, Progress, Stream};

#[goplug::plugin]
pub struct Sum;

#[goplug::method(Sum)]
pub fn three(progress: Progress<u8>) -> impl Stream<Item = u8> {
    all(progress)
}

#[goplug::method(Sum)]
pub fn four(progress: Progress<u8>) -> Bytes {
    bytes(progress)
}

#[goplug::method(Sum)]
pub fn five(progress: &Progress<u8>) {
    drop(progress);
}

#[goplug::method(Sum)]
pub fn six(one: Progress<u8>, #[goplug(name = "x")] other: Progress<u8>) {
    drop((one, other));
}

#[goplug::method(Sum)]
pub fn seven(one: Progress<u8>, other: Progress<u8>) {
    drop((one, other));
}

#[goplug::method(Sum)]
pub async fn eight(progress: Progress<u8>, numbers: goplug::Incoming<u8>) {
    drop((progress, numbers));
}

#[goplug::callback(Sum)]
pub async fn called(progress: Progress<u8>) -> goplug::Result<()>;

#[goplug::activate(Sum)]
fn start(progress: Progress<u8>) {
    drop(progress);
}

fn main() {}
