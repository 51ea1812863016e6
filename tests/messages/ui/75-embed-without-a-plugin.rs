//! What is embedded has to be said.

fn main() {
    goplug::embed!();
}
