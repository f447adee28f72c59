//! The arguments of `explain`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub struct ExplainWords {
    /// The user agent
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub user_agent: String,
    /// A header beside it, like "Sec-CH-UA: ..."; may be given several times
    #[arg(long = "header", value_name = "HEADER")]
    pub headers: Vec<String>,
    /// The referrer
    #[arg(long, value_name = "URL", default_value = "")]
    pub referrer: String,
    /// The page that was asked for, with its campaign keys
    #[arg(long, value_name = "URL", default_value = Self::ANY_URL)]
    pub url: String,
    /// As if the tracker had seen a touch screen
    #[arg(long)]
    pub touch: bool,
    /// Read lines of agent, tab, referrer from standard input; print one JSON line each
    #[arg(long)]
    pub batch: bool,
    /// Explain a whole request for this site, stage by stage, by the settings of the data folder where it has the site
    #[arg(long, value_name = "DOMAIN", conflicts_with = "batch")]
    pub site: Option<String>,
    /// Where the request comes from
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub address: std::net::IpAddr,
    /// A whole HTTP request of any wire format, as it stands on the wire; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["batch", "user_agent", "headers", "referrer", "url"])]
    pub request: Option<PathBuf>,
}

impl ExplainWords {
    /// The page where none is named: of no site.
    pub const ANY_URL: &str = "https://site.invalid/";
}
