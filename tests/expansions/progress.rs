/// Adds the numbers up to `n`.
#[goplug::method(Sum)]
async fn sum_up_to(n: u64, progress: goplug::Progress<u8>) -> Result<u64, TooMany> {
    add(n, progress).await
}

#[goplug::method(Sum)]
fn count(progress: Progress<Step>, call: CallContext) {
    steps(progress, call)
}
