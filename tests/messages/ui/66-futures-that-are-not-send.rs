//! A server may move a call to another thread.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
async fn wait() -> u8 {
    let shared = std::rc::Rc::new(1);
    std::future::ready(()).await;
    *shared
}

fn main() {}
