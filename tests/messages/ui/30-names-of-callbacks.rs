//! What the event stream keeps for itself.

#[goplug::plugin]
struct Calculator;

#[goplug::callback(Calculator, name = "a;base64")]
async fn one() -> goplug::Result<()>;

#[goplug::callback(Calculator)]
async fn gap() -> goplug::Result<()>;

fn main() {}
