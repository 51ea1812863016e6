#[goplug::plugin(crate = renamed)]
pub struct Calculator;

#[goplug::method(Calculator, crate = renamed)]
pub fn add(a: i64) -> Result<i64> {
    Ok(a)
}

#[goplug::callback(Calculator, crate = renamed)]
pub async fn progress(percent: u8) -> renamed::Result<()>;

#[goplug::stop(Calculator, crate = renamed)]
fn stop() {}
