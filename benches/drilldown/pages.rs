//! How long the pages of a site take.

use std::time::Instant;

use headcount::collector::Collector;
use headcount::control::{self, Command};
use headcount::server::{self, App};
use tokio::net::TcpListener;

use super::median_ms;

/// How long the whole page of a site takes: what a browser waits for, by HTTP and compressed.
pub fn pages(collector: &Collector) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let base_url = format!("http://{}", listener.local_addr().expect("an address"));
    let app = App::new(collector.clone(), Default::default(), base_url.clone());
    runtime.spawn(server::run(listener, app, std::future::pending()));
    let client: ureq::Agent = ureq::Agent::config_builder().max_redirects(0).build().into();
    let link = control::run(Command::UserLink, collector, &base_url).expect("a link").text;
    let signed_in = client.get(&link).call().expect("signed in");
    let cookie =
        signed_in.headers()["set-cookie"].to_str().expect("a cookie").split(';').next().expect("a pair").to_owned();
    let get = |query: &str| {
        let request = client.get(format!("{base_url}/example.com?{query}"));
        let mut answer = request.header("cookie", &cookie).header("accept-encoding", "gzip").call().expect("a page");
        answer.body_mut().read_to_vec().expect("a page")
    };
    println!("| page | first, ms | median, ms | KB compressed |\n|---|---|---|---|");
    for (name, query) in [
        ("12 months", "period=12mo"),
        ("12 months, year over year", "period=12mo&compare=year"),
        ("12 months of a source", "period=12mo&filter=source:Google"),
        ("30 days", "period=30d"),
        ("today", "period=today"),
    ] {
        let begun = Instant::now();
        let bytes = get(query).len();
        let first = begun.elapsed().as_secs_f64() * 1e3;
        let again = median_ms(|| get(query));
        println!("| {name} | {first:.1} | {again:.1} | {:.1} |", bytes as f64 / 1e3);
    }
}
