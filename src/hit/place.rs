//! stub
/// x
#[derive(Debug, Default)]
pub struct Place {
    pub country: String,
    pub region: String,
    pub city: String,
}
/// x
#[derive(Debug)]
pub struct Places;
impl Places {
    pub fn none() -> Places {
        Places
    }
    pub fn open(_p: &std::path::Path) -> Result<Places, std::io::Error> {
        Ok(Places)
    }
    pub fn reload_if_changed(&self) -> Result<bool, std::io::Error> {
        Ok(false)
    }
    pub fn of(&self, _a: std::net::IpAddr, _t: Option<&str>) -> Place {
        Place::default()
    }
}
