#[goplug::plugin(permissions(read = ["/usr/share/dict"], connect = [25, 0], memory = "256 MB"))]
pub struct First;

#[goplug::plugin(permissions(read = "/usr", write = ["../a", "~other/a", ""], connect = ["443"]))]
pub struct Second;

#[goplug::plugin(permissions(execute = ["/bin/sh"], udp = true, UDP))]
pub struct Third;

#[goplug::plugin(permissions = "all")]
pub struct Fourth;

#[goplug::plugin(permissions)]
pub struct Fifth;

#[goplug::plugin(permissions(udp, udp, read = ["a", "a"], connect = [443, 443]))]
pub struct Sixth;

#[goplug::plugin(permisions(udp))]
pub struct Seventh;

fn main() {}
