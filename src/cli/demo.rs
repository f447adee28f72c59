//! `headcount demo`: a server with two made-up sites, until it is stopped.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use super::output;
use super::serve;
use super::signals::Stop;
use crate::clock::Clock;
use crate::collector::{Collector, random};
use crate::config::{Config, JournalPlace};
use crate::control::folder::Folder;
use crate::control::{self, Command};
use crate::demo::Demo;
use crate::hit::Tools;
use crate::hit::agent::Agents;
use crate::hit::place::Places;
use crate::limits;
use crate::page::text::counted;
use crate::store;

/// Serves a made-up year until SIGTERM or Ctrl-C.
pub fn demo(config: Config, seed: u64, days: u16, clock: Clock) -> Result<()> {
    let _log = serve::start_up(&config)?;
    let runtime = serve::runtime()?;
    let stop = Stop::by_signal(&runtime)?;
    let temporary = Temporary::new()?;
    // Its visitors have no real addresses, so there is nothing to look up in a file of places.
    // It is over when it ends, so it needs no journal.
    let config = Config { data: temporary.0.clone(), geo: None, journal: JournalPlace::Off, ..config };
    let folder = Folder::take(&config.data)?;
    // A port that is taken is told at once, not after a year is made up.
    let listener = serve::bind(&config)?;
    let demo = Demo { seed, days, now: clock.now() };
    folder.keep_to(&clock)?;
    fill(&demo, &folder, &stop)?;
    if stop.is_asked() {
        return Ok(());
    }
    serve::run((&config, clock), &folder, listener, runtime, stop, |collector, app| {
        begin(demo, collector, &app.base_url, &config)
    })
    .map(drop)
}

/// A folder that goes away with the value.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Result<Temporary> {
        let bytes = random().context("the system gives no randomness")?;
        let name: String = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Temporary(std::env::temp_dir().join(format!("headcount-demo-{name}"))))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn fill(demo: &Demo, folder: &Folder, stop: &Stop) -> Result<()> {
    let stores = store::open(&folder.database())?;
    let tools = Tools { agents: Agents::new(), places: Places::none() };
    let is_watched = std::io::stderr().is_terminal();
    let mut shown = 101;
    demo.fill(&stores, &tools, |share| {
        let percent = (share * 100.0) as u32;
        if is_watched && percent != shown {
            shown = percent;
            let end = if percent == 100 { "\n" } else { "" };
            let days = counted(demo.days as u64, "days of visits");
            output::remark(format_args!("\rMaking up {days}: {percent} %{end}"));
        }
        !stop.is_asked()
    })
}

/// Lets today's visits in, and tells how to look at them.
fn begin(demo: Demo, collector: &Collector, base_url: &str, config: &Config) -> Result<()> {
    demo.begin_today(collector)?;
    let link = control::run(Command::UserLink, collector, base_url)?.text;
    output::say(format_args!(
        "Two made-up sites, and visits that come in as you look. Sign in, once, within {} minutes:\n\n  {link}\n",
        limits::SIGN_IN_LINK_MS / 60_000
    ));
    for site in collector.directory().all() {
        output::say(format_args!("  {base_url}/{}", site.domain));
    }
    let data = config.data.display();
    output::say(format_args!("\nCommands work too, with --data {data}. All of it goes away with Ctrl-C."));
    tokio::spawn(go_on(demo, collector.clone()));
    Ok(())
}

/// Sends beacons as they become due, as long as the program runs.
async fn go_on(demo: Demo, collector: Collector) {
    let mut sites = demo.live(&collector);
    let mut ticks = tokio::time::interval(Duration::from_secs(limits::TICK_S));
    loop {
        ticks.tick().await;
        let now = collector.clock().now();
        for beacon in sites.iter_mut().flat_map(|site| site.due(now)) {
            collector.receive(beacon);
        }
    }
}
