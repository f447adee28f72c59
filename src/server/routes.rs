//! The table of methods and paths: what answers them, and how.
//!
//! Every path of the server is a row of [`WIRE`] or of [`PAGES`]. From these are made: what is served, `405` with `Allow` for other
//! methods, the answers that browsers ask for before they send, and the names that no site may have ([`crate::site::OWN_PATHS`]).

use axum::routing::{MethodRouter, delete, get, post};
use hyper::Method;

use super::ingest::{AnswerShape, AtOnce, Preflight, WireAdapter};
use super::{
    SharedApp, api, audit, counter, language, live, own_account, pages, privacy, published, settings, share, sign_in,
    together,
};
use crate::meter::FailureKind;
use crate::page::tracker::Installed;
use crate::site::OWN_PATHS;

/// Where beacons arrive.
#[derive(Debug)]
pub struct WireRoute {
    /// The path; one that ends with a name in braces takes all that begin alike.
    pub path: &'static str,
    /// The methods that it takes.
    pub methods: &'static [&'static str],
    /// The wire format.
    pub adapter: WireAdapter,
    /// What its errors look like.
    pub shape: AnswerShape,
    /// What browsers are told that ask first.
    pub preflight: Option<&'static Preflight>,
    /// How the path begins, if it takes all that begin so.
    below: Option<&'static str>,
}

const GET: &[&str] = &["GET", "HEAD"];
const POST: &[&str] = &["POST"];
const BOTH: &[&str] = &["GET", "HEAD", "POST"];

impl WireRoute {
    const fn at(
        path: &'static str,
        methods: &'static [&'static str],
        adapter: WireAdapter,
        shape: AnswerShape,
    ) -> WireRoute {
        WireRoute { path, methods, adapter, shape, preflight: None, below: None }
    }

    const fn below(self, below: &'static str) -> WireRoute {
        WireRoute { below: Some(below), ..self }
    }

    const fn asked_first(self, preflight: &'static Preflight) -> WireRoute {
        WireRoute { preflight: Some(preflight), ..self }
    }

    /// Whether it takes a method.
    pub fn takes(&self, method: &Method) -> bool {
        self.methods.contains(&method.as_str())
    }

    fn is_at(&self, path: &str) -> bool {
        self.below.map_or_else(|| path == self.path, |below| path.starts_with(below))
    }
}

/// The routes of wire formats; those of trackers stand first, because they are asked most.
pub const WIRE: &[WireRoute] = {
    use AnswerShape::{Json, Message, Text, UmamiJson};
    use WireAdapter as To;
    &[
        WireRoute::at("/api/event", POST, To::Event, Text).asked_first(&Preflight::EVENT),
        WireRoute::at("/pixel.gif", GET, To::Pixel, Text),
        WireRoute::at("/api/send", POST, To::Send, UmamiJson).asked_first(&Preflight::UMAMI),
        WireRoute::at("/count", BOTH, To::Count, Text),
        WireRoute::at("/matomo.php", BOTH, To::Matomo, Text).asked_first(&Preflight::MATOMO),
        WireRoute::at("/piwik.php", BOTH, To::Matomo, Text).asked_first(&Preflight::MATOMO),
        WireRoute::at("/js/tracker.php", BOTH, To::Matomo, Text).asked_first(&Preflight::MATOMO),
        WireRoute::at("/collect", GET, To::Collect, Text),
        WireRoute::at("/simple.gif", GET, To::Simple, Text),
        WireRoute::at("/append", POST, To::Append, Text),
        // `curl -T` puts.
        WireRoute::at("/api/events", &["POST", "PUT"], To::Bulk, Json),
        WireRoute::at("/api/batch", POST, To::Batch, UmamiJson).asked_first(&Preflight::UMAMI),
        WireRoute::at("/api/heartbeat", GET, To::Heartbeat, UmamiJson).asked_first(&Preflight::UMAMI),
        WireRoute::at("/api/v0/count", POST, To::CountApi, Json).asked_first(&Preflight::GOATCOUNTER),
        WireRoute::at("/api/v0/me", GET, To::CountMe, Json).asked_first(&Preflight::GOATCOUNTER),
        WireRoute::at("/api/v0/test", GET, To::CountMe, Json).asked_first(&Preflight::GOATCOUNTER),
        WireRoute::at("/count/{site}", BOTH, To::Count, Text).below("/count/"),
        WireRoute::at("/e/{domain}/{picture}", GET, To::Mail, Text).below("/e/"),
        WireRoute::at("/l/{link}", GET, To::Link, Text).below("/l/"),
        WireRoute::at("/index.php", BOTH, To::MatomoApi, Message),
        ROOT,
    ]
};

/// Matomo's importer of logs asks for its site where browsers are shown a page.
const ROOT: WireRoute = WireRoute::at("/", POST, WireAdapter::MatomoApi, AnswerShape::Message);

/// The route of a request, if beacons arrive there.
pub fn wire(method: &Method, path: &str) -> Option<&'static WireRoute> {
    WIRE.iter().find(|route| route.is_at(path) && (path != ROOT.path || route.takes(method)))
}

/// The route of a request that is answered at once when it comes whole, and what answers it.
pub fn fast(method: &str, path: &str) -> Option<(&'static WireRoute, AtOnce)> {
    let route = WIRE.iter().find(|route| route.is_at(path))?;
    // The answer to `HEAD` has no body.
    let is_taken = route.methods.contains(&method) && method != "HEAD";
    Some((route, route.adapter.at_once().filter(|_| is_taken)?))
}

/// A page, a file, or a call of the API.
pub struct PageRoute {
    /// The path, as axum reads it.
    pub path: &'static str,
    /// The methods that it takes.
    pub methods: &'static [&'static str],
    /// As what its failures count.
    pub kind: FailureKind,
    /// What answers.
    pub handler: fn() -> MethodRouter<SharedApp>,
}

const fn page(
    path: &'static str,
    methods: &'static [&'static str],
    handler: fn() -> MethodRouter<SharedApp>,
) -> PageRoute {
    PageRoute { path, methods, kind: FailureKind::Page, handler }
}

const fn call(
    path: &'static str,
    methods: &'static [&'static str],
    handler: fn() -> MethodRouter<SharedApp>,
) -> PageRoute {
    PageRoute { path, methods, kind: FailureKind::Api, handler }
}

/// A script that answers to an installed snippet of somebody else's.
macro_rules! script {
    ($path:literal, $whose:ident) => {
        page($path, GET, || get(|| pages::installed(Installed::$whose)))
    };
}

/// All routes but those of wire formats.
pub const PAGES: &[PageRoute] = &[
    call("/api/v2/query", POST, || post(api::query)),
    call("/api/v1/annotations", BOTH, || get(api::annotations::list).post(api::annotations::add)),
    call("/api/v1/annotations/{id}", &["DELETE"], || delete(api::annotations::remove)),
    call("/health", GET, || get(pages::health)),
    call("/api/health", GET, || get(pages::health)),
    call("/metrics", GET, || get(pages::metrics)),
    page("/js/{file}", GET, || get(pages::tracker)),
    script!("/script.js", Umami),
    script!("/umami.js", Umami),
    script!("/plausible.js", Plausible),
    script!("/more.js", More),
    script!("/init.js", Init),
    script!("/count.js", Goatcounter),
    script!("/matomo.js", Matomo),
    script!("/piwik.js", Matomo),
    script!("/matomo-more.js", MatomoMore),
    script!("/tracker.js", Fathom),
    page("/assets/style.css", GET, || get(pages::style)),
    page("/assets/headcount.js", GET, || get(pages::own_script)),
    page("/favicon.ico", GET, || get(pages::no_icon)),
    page("/language/{code}", GET, || get(language::choose)),
    page("/sign-in", BOTH, || get(sign_in::page).post(sign_in::by_password)),
    page("/sign-in/{secret}", BOTH, || get(sign_in::link_page).post(sign_in::by_link)),
    page("/sign-out", POST, || post(sign_in::sign_out)),
    page("/settings/account", BOTH, || get(own_account::page).post(own_account::set_password)),
    page("/settings/sign-out", POST, || post(own_account::sign_out)),
    page("/settings/users", GET, || get(settings::people::users)),
    page("/settings/users/user-add", BOTH, || get(settings::people::back_to_users).post(settings::people::add_user)),
    page("/settings/user", GET, || get(settings::people::user)),
    page("/settings/user/{form}", BOTH, || get(settings::people::back_to_users).post(settings::people::change_user)),
    page("/settings/tokens", GET, || get(settings::people::tokens)),
    page("/settings/tokens/{form}", BOTH, || {
        get(settings::people::back_to_tokens).post(settings::people::change_tokens)
    }),
    page("/settings", GET, || get(settings::instance)),
    page("/settings/{name}", BOTH, || get(settings::back_to_instance).post(settings::change_instance)),
    page("/privacy/{domain}", GET, || get(privacy::page)),
    page("/privacy/{domain}/opt-out", GET, || get(privacy::opt_out)),
    page("/privacy/{domain}/notice.json", GET, || get(privacy::as_json)),
    page("/privacy/{domain}/notice.md", GET, || get(privacy::as_markdown)),
    page("/privacy/{domain}/versions", GET, || get(privacy::versions)),
    page("/privacy/{domain}/versions/{number}", GET, || get(privacy::version)),
    page("/privacy/{domain}/requests", BOTH, || get(privacy::requests).post(privacy::request)),
    page("/.well-known/gpc.json", GET, || get(privacy::well_known_gpc)),
    page("/privacy/{domain}/audit", GET, || get(audit::summary)),
    page("/counter/{domain}/{*file}", GET, || get(counter::counter)),
    page("/public/{file}", GET, || get(published::index)),
    page("/public/{domain}/{file}", GET, || get(published::release)),
    page("/share/{slug}", BOTH, || get(share::page).post(share::unlock)),
    page("/share/{slug}/{panel}", BOTH, || get(share::panel).post(share::unlock)),
    page("/together", GET, || get(together::choose)),
    page("/together/{sites}", GET, || get(together::page)),
    page("/together/{sites}/{panel}", GET, || get(together::panel)),
    // `POST` is a row of the wire formats.
    page("/", BOTH, || get(pages::sites)),
    page("/{domain}", GET, || get(pages::site)),
    page("/{domain}/{panel}", GET, || get(pages::panel)),
    page("/{domain}/live", GET, || get(live::page)),
    page("/{domain}/live/events", GET, || get(live::events)),
    page("/{domain}/settings", GET, || get(settings::site)),
    page("/{domain}/settings/notice", GET, || get(settings::notice::page)),
    page("/{domain}/settings/notice/{form}", BOTH, || get(settings::notice::back).post(settings::notice::change)),
    page("/{domain}/settings/sharing", GET, || get(settings::sharing::page)),
    page("/{domain}/settings/sharing/{form}", BOTH, || get(settings::sharing::back).post(settings::sharing::change)),
    page("/{domain}/settings/explain", BOTH, || get(settings::explain::page).post(settings::explain::explain)),
    page("/{domain}/settings/{name}", BOTH, || get(settings::back_to_site).post(settings::change_site)),
];

/// The row of a path, as axum names it.
pub fn page_at(path: &str) -> Option<&'static PageRoute> {
    PAGES.iter().find(|route| route.path == path)
}

/// Whether a path begins with a name that no site may have: what is no other row is nothing.
pub fn is_of_no_site(path: &str) -> bool {
    path.split('/').nth(1).is_some_and(|first| OWN_PATHS.contains(&first))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use axum::body::Body;
    use hyper::header::ALLOW;
    use tower::ServiceExt;

    use super::*;
    use crate::clock::Clock;
    use crate::collector::Collector;
    use crate::hit::Tools;
    use crate::hit::agent::Agents;
    use crate::hit::place::Places;
    use crate::server::App;
    use crate::site::{Moment, OWN_PATHS};
    use crate::store;

    #[test]
    fn no_site_may_have_the_name_of_a_path_and_any_other() {
        let paths = WIRE.iter().map(|route| route.path).chain(PAGES.iter().map(|route| route.path));
        let first = paths.filter_map(|path| path.split('/').nth(1)).filter(|part| !part.is_empty());
        let of_routes: BTreeSet<&str> = first.filter(|part| !part.starts_with('{')).collect();
        assert_eq!(of_routes, BTreeSet::from(OWN_PATHS));
    }

    #[test]
    fn a_path_is_one_row() {
        let paths: Vec<_> = PAGES.iter().map(|route| route.path).collect();
        assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), paths.len());
        for route in WIRE {
            let found = wire(&Method::POST, route.path).or_else(|| wire(&Method::GET, route.path));
            assert_eq!(found.map(|found| found.path), Some(route.path), "a row above takes its requests");
            assert_eq!(route.below.is_some(), route.path.contains('{'), "{}", route.path);
            assert!(route.below.is_none_or(|below| route.path.starts_with(below)), "{}", route.path);
        }
        assert!(wire(&Method::GET, "/").is_none() && wire(&Method::GET, "/example.com").is_none());
    }

    /// What axum says that a handler takes, and the beacons that arrive at its path.
    async fn taken(route: &PageRoute, app: SharedApp) -> Vec<String> {
        let request = hyper::Request::builder().method("UNHEARD").body(Body::empty()).unwrap();
        let answer = (route.handler)().with_state(app).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 405, "{}", route.path);
        let served = answer.headers()[ALLOW].to_str().unwrap().split(',').map(str::to_owned);
        let wire = WIRE.iter().filter(|wire| wire.path == route.path).flat_map(|wire| wire.methods);
        served.chain(wire.map(|method| (*method).to_owned())).collect()
    }

    #[tokio::test]
    async fn a_row_lists_the_methods_that_its_handler_takes() {
        let folder = tempfile::tempdir().unwrap();
        let stores = store::open(&folder.path().join("headcount.db")).unwrap();
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let (collector, _keeping) = Collector::start(stores, tools, Clock::manual(Moment(1_780_315_200_000))).unwrap();
        let app = Arc::new(App::new(collector, Default::default(), String::new()));
        for route in PAGES {
            assert_eq!(taken(route, app.clone()).await, route.methods, "{}", route.path);
        }
        app.collector.stop();
    }
}
