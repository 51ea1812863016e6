#[goplug::plugin]
pub struct Calculator;

#[goplug::method(Calculator)]
pub fn subtract(call: &mut goplug::CallContext) {
    drop(call);
}

#[goplug::method(Calculator)]
pub fn multiply(#[goplug(name = "it")] call: &'static goplug::CallContext) {
    drop(call);
}

#[goplug::method(Calculator)]
pub fn divide(one: goplug::CallContext, other: goplug::CallContext) {
    drop((one, other));
}

#[goplug::callback(Calculator)]
pub async fn progress(call: &goplug::CallContext) -> goplug::Result<()>;

#[goplug::activate(Calculator)]
fn start(call: &goplug::CallContext) {
    drop(call);
}

fn main() {}
