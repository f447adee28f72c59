//! stub
use axum::response::Response;
/// stub
pub async fn query() -> Response {
    Response::default()
}
