mod mine {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub struct CallContext(u8);
}

#[goplug::plugin]
pub struct Calculator;

#[goplug::method(Calculator)]
pub fn add(call: mine::CallContext) {
    drop(call);
}

fn main() {}
