//! stub
use axum::response::Response;
/// stub
pub async fn health() -> Response {
    Response::default()
}
pub async fn metrics() -> Response {
    Response::default()
}
pub async fn tracker() -> Response {
    Response::default()
}
pub async fn style() -> Response {
    Response::default()
}
pub async fn sign_in_page() -> Response {
    Response::default()
}
pub async fn privacy() -> Response {
    Response::default()
}
pub async fn sites() -> Response {
    Response::default()
}
pub async fn site() -> Response {
    Response::default()
}
pub async fn not_found() -> Response {
    Response::default()
}
pub async fn protect(r: Response) -> Response {
    r
}
pub fn sign_in_answer(_used: bool) -> Response {
    Response::default()
}
pub fn failed() -> Response {
    Response::default()
}
