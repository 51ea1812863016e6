mod mine {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub struct Progress<T>(pub T);
}

pub struct Opaque;

#[goplug::plugin]
pub struct Sum;

#[goplug::method(Sum)]
pub async fn one(progress: mine::Progress<u8>) {
    drop(progress);
}

#[goplug::method(Sum)]
pub async fn two(progress: goplug::Progress<Opaque>) {
    drop(progress);
}

fn main() {}
