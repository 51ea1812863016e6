/// Calculates.
#[goplug::plugin(namespace = "math")]
pub struct Calculator;

/// Adds two integers.
#[goplug::method(Calculator)]
pub fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[goplug::method(Calculator)]
pub async fn divide(a: f64, b: f64) -> Result<f64, DivideError> {
    if b == 0.0 { Err(DivideError::ByZero) } else { Ok(a / b) }
}

#[goplug::method(Calculator, name = "main.Do")]
pub fn do_it(input: Bytes) -> Bytes {
    input
}

#[goplug::method(Calculator)]
fn scale(by: u32, image: &[u8], mask: Option<Bytes>) -> (u32, Bytes) {
    (by, resized(image, by, mask))
}

#[goplug::method(Calculator, blocking)]
fn primes(below: u64, call: &goplug::CallContext) -> Vec<u64> {
    sieve(below, call)
}

/// How far a long sum has come.
#[goplug::callback(Calculator)]
pub async fn progress(percent: u8) -> goplug::Result<()>;

#[goplug::activate(Calculator)]
async fn start(calculator: &Calculator, config: Config) -> anyhow::Result<()> {
    calculator.configure(config)
}
