//! Every client has these methods by way of a trait.

#[goplug::plugin]
struct Library;

#[goplug::method(Library)]
fn clone() {}

#[goplug::method(Library)]
fn clone_from() {}

#[goplug::method(Library)]
fn fmt() {}

#[goplug::method(Library)]
fn into() {}

#[goplug::method(Library)]
fn try_into() {}

#[goplug::method(Library)]
fn from() {}

#[goplug::method(Library)]
fn try_from() {}

#[goplug::method(Library)]
fn to_owned() {}

#[goplug::method(Library, name = "Borrow")]
fn borrow() {}

#[goplug::method(Library)]
fn borrow_mut() {}

#[goplug::method(Library)]
fn type_id() {}

#[goplug::method(Library)]
fn expectation() {}

#[goplug::plugin]
trait Lender {
    #[goplug::method]
    async fn from_base(&self);
}

fn main() {}
