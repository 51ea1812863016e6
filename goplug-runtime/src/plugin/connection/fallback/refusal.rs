//! Without hyper: a request that goplug's own codec does not support is refused.

use crate::plugin::connection::h1::H1Connection;
use crate::plugin::lifecycle::Phase;
use crate::plugin::problems::bad_request;
use crate::plugin::request_handler::RequestHandler;
use crate::plugin::select::select;

/// Refuses the request and ends the connection.
pub(in crate::plugin::connection) async fn serve(
    mut connection: H1Connection<'_>,
    handler: &RequestHandler,
    _id: u64,
) {
    let problem = bad_request(
        "this plugin answers neither HTTP/1.0 nor HEAD: it is built without the feature `hyper`",
    );
    select(connection.refuse(&problem), handler.lifecycle().reached(Phase::Closing)).await;
}
