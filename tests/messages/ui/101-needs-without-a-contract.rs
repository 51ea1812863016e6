pub struct NoContract;

#[goplug::plugin(needs(NoContract), wants(Missing))]
pub struct Report;

fn main() {}
