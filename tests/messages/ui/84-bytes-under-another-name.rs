//! They would be a list of numbers.

#[goplug::plugin]
struct Images;

type Blob = Vec<u8>;
type Byte = u8;
type Image = goplug::Bytes;
type BlobResult = Result<Vec<u8>, String>;

#[goplug::method(Images)]
fn rotate(image: Blob) -> Image {
    image.into()
}

#[goplug::method(Images)]
fn invert(image: &Vec<Byte>) -> Result<Blob, String> {
    Ok(image.clone())
}

#[goplug::method(Images)]
fn mirror(image: &[u8]) -> BlobResult {
    Ok(image.to_vec())
}

#[goplug::callback(Images)]
async fn rotated(image: Blob) -> goplug::Result<()>;

fn main() {}
