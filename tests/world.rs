//! A real server on a free port, with a folder, a manual clock and captured logs of its own, and the verbs of visitors, analysts
//! and operators.
//!
//! Its `Drop` asserts for every test that each beacon is accounted for, that nothing unexpected was logged, and that no
//! canary (address, agent, query secret, in plain, hex, base64 or as bytes) is in any file, log, page or metric.

pub mod canary;
mod stored;
pub mod journal;
pub mod logs;
mod proof;

use std::cell::{OnceCell, RefCell};
use std::net::IpAddr;
use std::path::Path;
use std::thread::JoinHandle;

use headcount::clock::Clock;
use headcount::collector::{Collector, WriterHandle};
use headcount::control::user::UserCommand;
use headcount::control::{self, Command, SiteChange};
use headcount::hit::Tools;
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::report::Records;
use headcount::server::{self, App};
use headcount::site::Moment;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::scenario::End;
use crate::store::file::Database;
use journal::JournalFolder;
use stored::{days_without_first_visitors, programs, stored};

/// Who visits. Each has an address and an agent of its own, which must be found nowhere.
#[derive(Debug, Clone)]
pub struct Person {
    pub address: IpAddr,
    pub agent: String,
}

/// A person by name; the same name is the same person.
pub fn person(name: &str) -> Person {
    let sum = name.bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    let address = IpAddr::from([198, 18 + (sum >> 16) as u8 % 2, (sum >> 8) as u8, sum as u8]);
    let build = 1_000_000 + sum % 8_999_999;
    let agent = format!("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/{build} Firefox/140.0");
    Person { address, agent }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The cookie that it sets, as a browser sends it back.
    pub fn cookie(&self) -> (&'static str, String) {
        ("cookie", self.header("set-cookie").unwrap().split(';').next().unwrap().to_owned())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

struct Running {
    url: String,
    collector: Collector,
    keeping: WriterHandle,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// A server and everything around it.
pub struct World {
    folder: TempDir,
    /// Where the journal of the running day is, in memory.
    pub journal: JournalFolder,
    /// Whether it is used.
    has_journal: bool,
    has_fast_path: bool,
    pub clock: Clock,
    running: Option<Running>,
    agent: ureq::Agent,
    /// A token that may do everything, once one is needed.
    token: OnceCell<String>,
    /// What must be found nowhere.
    canaries: RefCell<Vec<String>>,
    addresses: RefCell<Vec<IpAddr>>,
    /// Addresses that an operator writes into the settings, which are no secret there.
    declared: RefCell<Vec<IpAddr>>,
    /// Everything that readers were shown.
    shown: RefCell<Vec<(String, Vec<u8>)>>,
    /// Counted hits, pings and rejections of servers that have ended.
    past: (u64, u64, u64),
    /// What went by order: pageviews and events, and rejections.
    forgotten: std::cell::Cell<(u64, u64)>,
    geo: Option<std::path::PathBuf>,
}

impl World {
    /// A world on 2026-06-01 at 09:00 UTC, a Monday, with the site example.com.
    pub fn start() -> World {
        World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC")])
    }

    /// A world at a moment, with sites and their time zones.
    pub fn at(now: &str, sites: &[(&str, &str)]) -> World {
        World::with(now, sites, None)
    }

    /// A world with a file of places.
    pub fn with(now: &str, sites: &[(&str, &str)], geo: Option<&Path>) -> World {
        logs::capture();
        let mut world = World {
            folder: tempfile::tempdir().unwrap(),
            journal: JournalFolder::make(),
            has_journal: true,
            has_fast_path: true,
            clock: Clock::manual(moment(now)),
            running: None,
            agent: ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into(),
            token: OnceCell::new(),
            canaries: RefCell::default(),
            addresses: RefCell::default(),
            declared: RefCell::default(),
            shown: RefCell::default(),
            past: (0, 0, 0),
            forgotten: Default::default(),
            geo: geo.map(Path::to_owned),
        };
        world.run();
        for (domain, zone) in sites {
            let change = SiteChange::of("timezone", *zone);
            world.command(Command::SiteAdd { domain: (*domain).to_owned(), change }).unwrap();
        }
        world
    }

    fn run(&mut self) {
        let places = self.geo.as_deref().map_or_else(Places::none, |file| Places::open(file).unwrap());
        let tools = Tools { agents: Agents::new(), places };
        let journal = self.has_journal.then_some(&self.journal);
        let (collector, keeping) = journal::collector(self.folder(), tools, self.clock.clone(), journal);
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, at) = std::sync::mpsc::channel();
        let (app_collector, has_fast_path) = (collector.clone(), self.has_fast_path);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let url = format!("http://{}", listener.local_addr().unwrap());
                bound.send(url.clone()).unwrap();
                let app = App::new(app_collector, Default::default(), url);
                let app = if has_fast_path { app } else { app.without_fast_path() };
                server::run(listener, app, async { drop(stopped.await) }).await;
            });
        });
        self.running = Some(Running { url: at.recv().unwrap(), collector, keeping, stop, thread });
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the world's server runs")
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        &self.running().url
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn collector(&self) -> &Collector {
        &self.running().collector
    }

    /// Carries out a command as the control socket would.
    pub fn command(&self, command: Command) -> Result<control::Reply, control::Refused> {
        control::run(command, self.collector(), self.url())
    }

    /// Gives a site further names.
    pub fn alias(&self, domain: &str, names: &[&str]) {
        let change = SiteChange::of("add_aliases", names.to_vec());
        self.command(Command::SiteSet { domain: domain.to_owned(), change }).unwrap();
    }

    /// Today's rejections of a site by reason, or of the instance if no site has the name.
    pub fn rejections(&self, domain: &str) -> Vec<(&'static str, u64)> {
        let directory = self.collector().directory();
        let site = directory.find(domain);
        let day = match site {
            Some(site) => site.schedule.locate(self.clock.now()).day,
            None => headcount::site::Schedule::utc().locate(self.clock.now()).day,
        };
        let id = site.map_or(headcount::site::SiteId::INSTANCE, |site| site.id);
        let found = self.collector().rejected(id, day, day).unwrap();
        let mut found: Vec<_> = found.into_iter().map(|(reason, count)| (reason.label(), count)).collect();
        found.sort_unstable();
        found
    }

    /// A token of this scope for all sites.
    pub fn token(&self, scope: &str) -> String {
        self.command(Command::TokenCreate { site: None, scope: scope.into() }).unwrap().text
    }

    /// The same world, whose beacons hyper answers.
    pub fn without_fast_path(mut self) -> World {
        self.has_fast_path = false;
        self.restart();
        self
    }

    /// Ends the server as SIGTERM does, and starts it again on the same folders.
    pub fn restart(&mut self) {
        self.end(End::Stop);
        self.run();
    }

    fn end(&mut self, how: End) {
        let running = self.running.take().expect("the world's server runs");
        if how == End::Kill {
            journal::kill(&running.collector);
        }
        let _ = running.stop.send(());
        running.thread.join().unwrap();
        // As at SIGTERM: what is counted is stored before the end.
        let meter_of = running.collector.clone();
        running.collector.stop();
        let ended = running.keeping.wait();
        assert!(how == End::Kill || ended.is_ok(), "{ended:?}");
        let meter = meter_of.meter();
        assert_eq!(meter.received.get(), meter.counted.get() + meter.rejected(), "a beacon is counted or rejected");
        assert_eq!(meter.lost.get(), 0, "nothing is lost");
        self.past.0 += meter.counted.get();
        self.past.1 += meter.pings.get();
        self.past.2 += meter.rejected();
    }

    /// Lets time pass.
    pub fn wait_ms(&self, ms: i64) {
        self.clock.set(self.clock.now().plus(ms));
    }

    pub fn wait_minutes(&self, minutes: i64) {
        self.wait_ms(minutes * 60_000);
    }

    /// Sets the clock.
    pub fn go_to(&self, now: &str) {
        self.clock.set(moment(now));
    }

    /// Everything counted is in the database after this.
    pub fn flush(&self) {
        self.collector().flush().unwrap();
    }

    /// A warning or an error that this test provokes.
    pub fn expect_in_log(&self, text: &'static str) {
        logs::expect(text);
    }

    /// So many pageviews and events, and rejections, are forgotten with their days.
    pub fn expect_forgotten(&self, hits: u64, rejections: u64) {
        let (of_hits, of_rejections) = self.forgotten.get();
        self.forgotten.set((of_hits + hits, of_rejections + rejections));
    }

    /// How many lines of the log hold all of these texts.
    pub fn logged(texts: &[&str]) -> usize {
        logs::lines_with(texts)
    }

    /// A text that must be found nowhere.
    pub fn canary(&self, text: &str) -> String {
        self.canaries.borrow_mut().push(text.to_owned());
        text.to_owned()
    }

    /// A pageview of `https://example.com` and the path.
    pub fn pageview(&self, path: &str) -> Visit<'_> {
        self.beacon(json!({"n": "pageview", "u": format!("https://example.com{path}"), "d": "example.com"}))
    }

    /// A named event on a page.
    pub fn event(&self, name: &str, path: &str) -> Visit<'_> {
        self.beacon(json!({"n": name, "u": format!("https://example.com{path}"), "d": "example.com"}))
    }

    /// Any message in our own format.
    pub fn beacon(&self, body: Value) -> Visit<'_> {
        Visit { world: self, body, headers: Vec::new(), who: person("ana") }
    }

    /// Asks for a page as a reader.
    pub fn page(&self, path: &str) -> Answer {
        self.request("GET", path, &[], None)
    }

    /// The v2 query with a token that may read everything.
    pub fn query(&self, body: Value) -> Answer {
        self.request("POST", "/api/v2/query", &[self.bearer()], Some(body.to_string().as_bytes()))
    }

    /// The numbers of `/metrics`.
    pub fn metrics(&self) -> String {
        let answer = self.request("GET", "/metrics", &[self.bearer()], None);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    }

    /// The header of a token that may do everything.
    fn bearer(&self) -> (&'static str, String) {
        let create = || self.command(Command::TokenCreate { site: None, scope: "admin".into() }).unwrap().text;
        ("authorization", format!("Bearer {}", self.token.get_or_init(create)))
    }

    /// The cookie of a browser that has signed in by a fresh link.
    pub fn sign_in(&self) -> (&'static str, String) {
        let link = self.command(Command::UserLink).unwrap().text;
        self.open_link(&link)
    }

    fn open_link(&self, link: &str) -> (&'static str, String) {
        let path = link.strip_prefix(self.url()).unwrap().to_owned();
        let answer = self.form(&path, &[], &[]);
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.cookie()
    }

    /// The cookie of a browser in which a user has signed in by a fresh link.
    pub fn sign_in_as(&self, name: &str) -> (&'static str, String) {
        let link = self.command(Command::User(UserCommand::Link { name: name.to_owned() })).unwrap().text;
        self.open_link(&link)
    }

    /// Adds a user who reads these sites, or all if there are none.
    pub fn add_user(&self, name: &str, role: &str, sites: &[&str]) {
        let sites = sites.iter().map(|site| (*site).to_owned()).collect();
        let (name, role) = (name.to_owned(), Some(role.to_owned()));
        self.command(Command::User(UserCommand::Add { name, role, sites })).unwrap();
    }

    /// Sends a form as a page of the collector does.
    pub fn form(&self, path: &str, headers: &[(&str, String)], fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = ("content-type", "application/x-www-form-urlencoded".to_owned());
        let headers = [headers, &[kind, ("origin", self.url().to_owned())]].concat();
        self.request("POST", path, &headers, Some(body.as_bytes()))
    }

    /// Sends any request. What comes back is searched for canaries in the end.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, String)], body: Option<&[u8]>) -> Answer {
        let url = format!("{}{path}", self.url());
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = body.unwrap_or_default().to_vec();
        let mut config = self.agent.configure_request(request.body(body).unwrap());
        config = config.allow_non_standard_methods(true);
        let mut answer = self.agent.run(config.build()).unwrap();
        let headers = answer.headers().iter();
        let headers =
            headers.map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect();
        let body = answer.body_mut().read_to_vec().unwrap();
        if !headers_are_debug(path) {
            self.shown.borrow_mut().push((format!("{method} {path}"), body.clone()));
        }
        Answer { status: answer.status().as_u16(), headers, body }
    }

    /// The address of a person who is an operator and declares it, so that it may be found from now on.
    pub fn operates_from(&self, name: &str) -> IpAddr {
        let address = person(name).address;
        self.declared.borrow_mut().push(address);
        address
    }

    fn remember(&self, who: &Person) {
        self.canaries.borrow_mut().push(who.agent.clone());
        if !self.declared.borrow().contains(&who.address) {
            self.addresses.borrow_mut().push(who.address);
        }
    }
}

/// Sign-in links hold secrets of the reader's own, which are no canaries.
fn headers_are_debug(path: &str) -> bool {
    path.starts_with("/sign-in/")
}

fn moment(text: &str) -> Moment {
    Moment(text.parse::<Timestamp>().unwrap().as_millisecond())
}

/// A message about to be sent.
pub struct Visit<'a> {
    world: &'a World,
    body: Value,
    headers: Vec<(&'static str, String)>,
    who: Person,
}

impl Visit<'_> {
    /// Sent by whom; ana unless told.
    pub fn by(mut self, name: &str) -> Self {
        self.who = person(name);
        self
    }

    /// With a key of the message.
    pub fn key(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.body[key] = value.into();
        self
    }

    /// From a referrer.
    pub fn from(self, referrer: &str) -> Self {
        self.key("r", referrer)
    }

    /// With a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// From an agent of this kind instead of the person's own.
    pub fn with(mut self, agent: &str) -> Self {
        self.who.agent = agent.to_owned();
        self
    }

    /// Sends it.
    pub fn send(self) -> Answer {
        self.world.remember(&self.who);
        let mut headers = self.headers;
        headers.push(("user-agent", self.who.agent.clone()));
        headers.push(("x-forwarded-for", self.who.address.to_string()));
        let body = self.body.to_string();
        self.world.request("POST", "/api/event", &headers, Some(body.as_bytes()))
    }

    /// Sends it and expects `202 ok`.
    pub fn ok(self) {
        let answer = self.send();
        assert_eq!((answer.status, answer.text().as_str()), (202, "ok"));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A test that failed already has its own message; its collector must not go on without its folder.
        if std::thread::panicking() {
            self.running.take().iter().for_each(|running| journal::kill(&running.collector));
            return;
        }
        self.metrics();
        self.end(End::Stop);
        let (counted, pings, rejected) = self.past;
        let (hits, reasons) = stored(&Database::of(self.folder.path()));
        let (forgotten, of_reasons) = self.forgotten.get();
        let (hits, reasons) = (hits + forgotten, reasons + of_reasons);
        assert_eq!(hits + pings, counted, "stored pageviews and events, and pings, are all that was counted");
        assert_eq!(reasons, rejected, "every rejection is stored");
        let (bots, of_bots) = programs(&Database::of(self.folder.path()));
        assert_eq!(bots, of_bots, "every program that is rejected is counted by its family");
        assert_eq!(days_without_first_visitors(&Database::of(self.folder.path())), 0);
        let looked = headcount::store::check::check(&self.folder.path().join("headcount.db"), true, |_| {}).unwrap();
        assert_eq!(looked.findings, [], "a check finds nothing");
        let forms = canary::forms(&self.canaries.borrow(), &self.addresses.borrow());
        canary::search_folder(self.folder.path(), &forms);
        canary::search_folder(self.journal.path(), &forms);
        for (what, body) in self.shown.borrow().iter() {
            canary::search(what, body, &forms);
        }
        logs::check(&forms);
    }
}
