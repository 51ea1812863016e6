//! Bytes beside other parameters, and beside the value of a result.

use goplug::Bytes;
use goplug_runtime::protocol::Descriptor;

use crate::double::InProcess;

/// Images, in every spelling of bytes.
#[goplug::plugin]
#[derive(Default)]
pub(crate) struct Images;

#[goplug::method(Images)]
fn owned(width: u32, image: Bytes, mask: Vec<u8>) -> (u32, Bytes) {
    assert_eq!(mask, b"mask");
    (width, image)
}

#[goplug::method(Images)]
fn borrowed(image: &[u8], width: &u32, mask: &[u8], same: &Bytes) -> Vec<u8> {
    [image, &width.to_be_bytes(), mask, same].concat()
}

#[goplug::method(Images)]
async fn optional(image: Option<Bytes>, mask: &Option<Vec<u8>>) -> (Option<usize>, Vec<u8>) {
    (mask.as_ref().map(Vec::len), image.map_or_else(Vec::new, Vec::from))
}

#[goplug::method(Images)]
fn alone(image: Option<Vec<u8>>) -> anyhow::Result<(String, Bytes)> {
    let image = image.ok_or_else(|| anyhow::anyhow!("there is no image"))?;
    Ok((format!("{} bytes", image.len()), image.into()))
}

#[goplug::method(Images)]
fn checked(image: &[u8], most: usize) -> Result<(usize, Vec<u8>), Vec<usize>> {
    if image.len() > most { Err(vec![image.len()]) } else { Ok((image.len(), image.to_vec())) }
}

#[goplug::method(Images, blocking)]
fn on_a_thread(parts: Bytes, call: u8, part: Bytes) -> Vec<u8> {
    [&parts[..], &[call], &part].concat()
}

#[goplug::method(Images)]
fn numbers(list: Vec<u16>, pair: (u8, u8)) -> (u8, Vec<u16>) {
    (pair.0, list)
}

fn images() -> ImagesClient<InProcess<Images>> {
    ImagesClient::new(InProcess::<Images>::start()).unwrap()
}

#[tokio::test]
async fn every_spelling_of_bytes_arrives() {
    let images = images();
    let (image, mask) = (Bytes::from_static(b"image"), b"mask".to_vec());
    let owned = images.owned(3, image.clone(), mask.clone()).await.unwrap();
    assert_eq!(owned, (3, image.clone()));
    let joined = images.borrowed(b"a", &7, &mask, &image).await.unwrap();
    assert_eq!(joined, b"a\0\0\0\x07maskimage");
    assert_eq!(images.on_a_thread(image.clone(), b'-', image).await.unwrap(), b"image-image");
    assert_eq!(images.numbers(vec![1, 500], (2, 3)).await.unwrap(), (2, vec![1, 500]));
}

#[tokio::test]
async fn bytes_may_be_missing_or_empty() {
    let images = images();
    let empty = Some(Vec::new());
    assert_eq!(images.optional(None, &None).await.unwrap(), (None, vec![]));
    let image = Some(Bytes::from_static(b"x"));
    assert_eq!(images.optional(image, &empty).await.unwrap(), (Some(0), b"x".to_vec()));
    assert_eq!(images.alone(empty).await.unwrap(), ("0 bytes".into(), Bytes::new()));
    let error = images.alone(None).await.unwrap_err();
    assert!(error.to_string().contains("there is no image"), "{error}");
}

#[tokio::test]
async fn a_result_with_bytes_may_be_an_error() {
    let images = images();
    assert_eq!(images.checked(b"abc", 3).await.unwrap(), (3, b"abc".to_vec()));
    let error = images.checked(b"abc", 2).await.unwrap_err();
    assert!(matches!(error, goplug::CallError::Method(lengths) if lengths == [3]));
}

#[test]
fn a_blocking_client_sends_them_as_well() {
    let images = ImagesBlockingClient::new(InProcess::<Images>::start()).unwrap();
    assert_eq!(images.checked(b"abc", 3).unwrap(), (3, b"abc".to_vec()));
}

#[test]
fn bytes_are_described_as_what_they_are_in_json() {
    let descriptor: Descriptor =
        goplug_runtime::typed::table::<Images>().unwrap().described::<Images>();
    let method = descriptor.methods.iter().find(|method| method.name == "owned").unwrap();
    assert_eq!(
        method.signature(),
        "owned(width: u32, image: Bytes, mask: Vec<u8>) -> (u32, Bytes)"
    );
    assert_eq!(method.params[1].ty.schema, method.params[2].ty.schema);
    assert_eq!(method.params[1].ty.schema.as_ref().unwrap()["type"], "array");
}
