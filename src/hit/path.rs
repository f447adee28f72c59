//! stub
use crate::rejection::Rejection;
/// x
#[derive(Debug, Default)]
pub struct Location {
    pub hostname: String,
    pub path: String,
    pub query: String,
}
/// x
#[derive(Debug, Default)]
pub struct Campaign {
    pub source: Option<String>,
    pub utm_source: Option<String>,
    pub medium: Option<String>,
    pub campaign: Option<String>,
    pub content: Option<String>,
    pub term: Option<String>,
    pub paid: bool,
}
/// x
pub fn locate(_u: &str, _h: bool) -> Result<Location, Rejection> {
    Ok(Location::default())
}
/// x
pub fn campaign(_q: &str) -> Campaign {
    Campaign::default()
}
/// x
pub fn value(v: &str) -> String {
    v.to_owned()
}
