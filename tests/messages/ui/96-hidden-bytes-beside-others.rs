//! They would be a list of numbers.

#[goplug::plugin]
struct Images;

type Blob = Vec<u8>;

#[goplug::method(Images)]
fn scale(image: Blob, width: u32, mask: Option<Blob>) -> u32 {
    let _ = (image, mask);
    width
}

#[goplug::method(Images)]
fn crop(width: u32, image: Vec<u8>) -> (u32, Blob) {
    (width, image)
}

#[goplug::method(Images)]
fn turn(arguments: Vec<u8>, by: u32) -> u32 {
    let _ = arguments;
    by
}

fn main() {}
