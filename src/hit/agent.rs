//! stub
use std::borrow::Cow;
use std::sync::Arc;
/// x
#[derive(Debug, Default)]
pub struct Agent {
    pub browser: Cow<'static, str>,
    pub browser_version: String,
    pub os: Cow<'static, str>,
    pub os_version: String,
    pub device: &'static str,
}
/// x
pub enum Verdict {
    Person(Arc<Agent>),
    Bot,
    Library(Arc<Agent>),
}
/// x
#[derive(Debug)]
pub struct Agents;
impl Agents {
    pub fn new() -> Agents {
        Agents
    }
    pub fn classify(&self, _u: &str, _t: bool) -> Verdict {
        Verdict::Bot
    }
}
