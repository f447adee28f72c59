//! headcount: how many, never who.
//!
//! Sites want to know how many people come, from where, and what they read. Most tools answer by keeping a row for each
//! visit, and a row for each visit is a diary of people. headcount keeps **only sums**, and forgets each visitor when the
//! site's day is over.
//!
//! # The flow
//!
//! `HTTP request -> Beacon -> Hit -> Visit -> Counts -> Store -> Report -> Page`
//!
//! Each arrow forgets something, and the type behind it has no room for what was forgotten:
//!
//! | module | in | out | forgets |
//! |---|---|---|---|
//! | [`limits`] | | every bound of the program | |
//! | [`memory`] | blocks that are given back | the same, wiped; keys in memory that is locked | what stood in them |
//! | [`site`] | what owners declare | sites, their days and hours | |
//! | [`rejection`] | | why a beacon was not counted | the beacon |
//! | [`cell`] | | dimensions, metrics, tallies, cells: the words of the table | |
//! | [`beacon`] | a request | beacons | the wire format |
//! | [`hit`] | a beacon | a hit | address, user agent, full URLs |
//! | [`visit`] | a visitor's hits | changes of sums | who |
//! | [`counts`] | changes | sums by cell | the single visit |
//! | [`secret`] | randomness, a file's beginning | secrets of operators, digests | the secret |
//! | [`operator`] | what owners declare | users, tokens, shares: who may do what | passwords, secrets |
//! | [`store`] | sums | sums over a range | |
//! | [`report`] | a question and sums | lines, rates | the cells |
//! | [`notice`] | what is set for a site | what its visitors are told, in each language | |
//! | [`page`] | lines | HTML, CSV, JSON | |
//! | [`view`] | the state in an address, sums | what a page shows | the questions |
//!
//! Behind the flow stands the machine room: [`clock`], [`config`], [`meter`], [`journal`], [`backup`], [`audit`], [`collector`], [`import`], [`control`], [`server`],
//! [`demo`], [`cli`]. This list is the order to read in, and the rule of imports: **a module uses only modules listed above it**
//! (`tests/tidy.rs` holds it). The flow is pure: no sockets, no clocks, no logs; `now` is an argument.
//!
//! # Invariants
//!
//! 1. Nothing about one person reaches a disk: there is no table with a row per hit, visit or visitor, and no type that
//!    could be written to one, but for images and records of the [`journal`], which stays in memory and is wiped. `World`, the harness of the tests, searches every file, log and page for canaries.
//! 2. Every beacon is counted exactly once, or rejected under a reason that is counted. `World` checks that for every test.
//! 3. An acknowledged hit is in the answer of the next question: a request counts its hit before it answers.
//! 4. Cost follows cells, not hits.
//! 5. The numbers equal those of a naive walk over the list of hits (`tests/oracle.rs`).
//!
//! # A pageview from click to chart
//!
//! 1. The tracker (`dashboards/tracker.js`) posts `{"n":"pageview","u":"https://example.com/a?utm_source=x",...}`.
//! 2. `server/fast_path.rs` reads the request, or hyper does where anything about it is unusual. `server/ingest.rs` finds the
//!    client's address behind trusted proxies ([`beacon::address`]) and calls [`beacon::plausible::parse`], which gives a
//!    [`beacon::Beacon`] for each site named.
//! 3. [`collector::Collector::receive`] finds the site, the site's day and its salt, and calls [`hit::make`]: page and
//!    campaign from the URL, source from the referrer, browser from the agent, country from address or time zone, and a
//!    token that stands for address and agent until the salt is wiped. Address and agent are gone then.
//! 4. With the lock of `collector/running.rs`, which holds the open days, [`visit::Visitor::take`] books what the hit changes,
//!    [`counts`] adds it up, and the [`journal`] keeps it for the case that the program ends. The request is answered.
//! 5. Every ten seconds the sums go to the store in one transaction ([`store::Flush`]). At the end of the site's day a
//!    [`counts::SessionSnapshot`] of its visits, without tokens, becomes the sums of any two dimensions ([`counts::pairs`]); its salt and its
//!    visitors are dropped, and the store packs the day ([`cell::packed`]).
//! 6. A reader asks for `/example.com`: [`view::site_page()`] makes [`report::Question`]s of the address, [`report::answers`] adds
//!    stored sums and those not stored yet, and [`page::SitePage`] becomes HTML by the templates in `dashboards/`. A filter reads
//!    cells of two dimensions; those of the open day are summed up from memory.
//!
//! # To change something, touch
//!
//! - a dimension: its row in `cell/dimension.rs`, [`hit::Hit::value`], its texts in `page/words/dimensions.rs`;
//! - what can be filtered together: `report/query/filters.rs`; how two dimensions are counted: `counts/pairs/` for a
//!   day that ends, `counts/snapshot/` for a question about today;
//! - what a visitor remembers and counts for: `visit.rs`, `visit/contributions.rs`; names that give way: `visit/relabel.rs`,
//!   `counts/displacing.rs`; what of a day readers share: `cell/blocks.rs`, `counts/unstored.rs`; what outlives the program:
//!   `counts/image.rs`; what a day keeps of its opening: `collector/running/opening.rs`; what it forgets at its end:
//!   `collector/running/closing.rs`;
//! - how filters are written, and what is shown under them: `report/choice.rs`, `view/`; what owners watch:
//!   [`site::goal`], `control/goal.rs`, `control/funnel.rs`, `view/goals.rs`, `page/watched.rs`;
//! - what can be asked of whole visits in memory: `cell/condition.rs`, how it is written in `cell/condition/text.rs`, how it is
//!   answered in `counts/snapshot/matching.rs` and `split.rs`, `report/query/in_memory.rs` and `report/choice/visits.rs`; segments:
//!   [`site::segment`], `counts/segments.rs`, `counts/pairs/segments.rs`, `store/sums/visits.rs`, `control/segment.rs`; links that show one alone:
//!   `report/folded/of_segment.rs`;
//! - a format of logs, and what of them counts: `beacon/log/` (a product's line of text: `stock.rs`; names of JSON keys:
//!   `json/keys.rs`; what carries lines: `wrap.rs`), with a sample in `tests/import/samples/`; how logs are read and merged:
//!   `cli/import/`, then `import.rs`; the site of a line: `import/hosts.rs`;
//! - a wire format: one file below `beacon/`, its row in `server/routes.rs`, its adapter in `server/ingest.rs` and below, its path in
//!   [`site::OWN_PATHS`], its captures in `tests/captures/`; what no strict reader of JSON takes: `beacon/json.rs`; the snippet that it comes from in
//!   `dashboards/installed/`, each setting of it a row in `docs/trackers.md` and a case in `tests/pages/cases/`;
//! - what never becomes part of a name: `hit/mask/`, then look at `cargo test --test all -- ordinary`; pages that look personal and
//!   are counted together: `cell/folding.rs`, `collector/personal.rs`; rules of owners for paths: `hit/path/rules.rs`;
//! - keys of campaigns: `hit/path/campaign.rs`; which hosts are the site's own and so no referrers: `site/host_relation.rs`;
//! - the country of an address: `hit/place/table.rs`, whose file `hit/data/countries.py` makes; of a time zone: `hit/place/zone.rs`;
//! - where a visitor's address is from: `beacon/address.rs`; the networks that `trusted_proxies` takes by name: `beacon/data/`, made
//!   anew by `beacon/data/refresh`; what is noticed of proxies that nobody named: `collector/proxies.rs`;
//! - what a token makes believable: [`beacon::Claims`] and `collector/trusted.rs`; mail campaigns: `beacon/mail.rs`,
//!   `collector/mail.rs`;
//! - what is known of browsers, bots and sources: a list in `hit/data/`, whose first line says how to read it; those from
//!   elsewhere are made anew by `hit/data/refresh`. Then look at `cargo bench --bench knowing`;
//! - how days become months: `store/sums/sqlite/months.rs` and what it uses, `merge.rs` and `turn.rs`; what memory is given back, and
//!   when: `collector/running/flushing.rs`, [`store::SumStore::release`];
//! - how long sums are kept: `site/keeping.rs`, `store/sums/sqlite/retaining.rs`, `thinning.rs` for pairs by day; the least figures that
//!   are kept of a day: `site/at_rest.rs`, `store/sums/sqlite/at_rest.rs`; how cells are packed: `cell/packed/`;
//! - what an owner has forgotten: `cell/forgotten.rs` for what goes with a value, `collector/forgetting.rs`, in memory
//!   `counts/displacing.rs`, in the file `store/sums/sqlite/erasing.rs`, `forgotten_rows.rs`, `sweep.rs`; what is cleared up behind it,
//!   and behind a site that is removed: `leftovers.rs` there, `store/sqlite/rewriting.rs`; what is said of it: `report/taken_out.rs`; its
//!   forms: `page/settings/forgetting.rs`;
//! - which questions wait for which, and how much memory each may have: `server/question_turns.rs`, which [`store::Interrupt`] stops; in
//!   which order: `server/fair_turns.rs`; whose they are: `server/asker.rs`; long answers that are not sent yet: `server/long_answers.rs`;
//!   answers that are kept: `store/sums/sqlite/kept_answers.rs`;
//! - what gives way when memory is nearly full: [`meter::Pressure`], `server/memory_watch.rs`, `meter/memory.rs`; whose beacons do first:
//!   `collector/overload.rs`;
//! - how the database is copied: `store/copying.rs` for SQLite's part, `backup/` for files and names, `backup/restoring.rs` for the way back,
//!   `backup/migration.rs` for the copy before a migration; what a check looks at: `store/check/`, at a start and in the background:
//!   `cli/checking.rs`; a start on a damaged file: `cli/mending.rs`, `store/mending.rs`; answers without damaged cells: `store/sums/sqlite/damage.rs`, and what is said of it: `report/taken_out.rs`;
//! - what threads do beside requests: `collector/running.rs`, `collector/running/flushing.rs`; the same a step at a time, for simulated lives
//!   (`tests/simulation/`): `collector/by_hand.rs`;
//! - the schema: a step in `store/sqlite/migrations/`, its line in `store/sqlite/schema.rs`, what each new column holds in
//!   `store/sqlite/allowed/tables.rs`, a dump of the version before in `tests/store/versions/`;
//! - which file is the database, what is refused in its place, and what becomes of one that loses it while it is open:
//!   `store/sqlite/creation.rs`, `moved.rs`, `older.rs`, `foreign_log.rs` for logs of others, `marks.rs`; the choice of an operator:
//!   `control/store.rs`, `collector/running/adopting.rs`; a server's lock and socket: `cli/reach.rs`;
//! - what an audit finds among bytes: `audit/finder.rs`; by a sign before it: `audit/keys.rs`; in codes: `audit/encoded.rs`; in packed
//!   files: `audit/packed.rs`; what is declared and no trace: `audit/known.rs`; what it reads of
//!   the database: `store/inspection/`; what is signed and published: `audit/summary.rs`, `control/audit.rs`, `server/audit.rs`;
//! - a text of pages: `page/words/english.rs` and the other languages beside it; a language: `page::words::Language` and what
//!   `docs/languages.md` lists;
//! - the chart: what it draws in `view/series.rs`, how in `page/chart.rs`; periods: [`report::period`];
//!   what is compared, and which part of it: [`report::comparison`], `report/cut_day.rs`, `view/comparing.rs`;
//! - properties that owners name, which are counted by every dimension: [`site::NamedProperty`], `hit/watched.rs`, what a place remembers
//!   of them in `cell/hit_attributes.rs`, `counts/pairs/properties.rs`, their side of stored pairs in `store/sums/sqlite/property_side.rs`;
//! - pages that follow each other: `Dimension::PreviousPage`, `report/query/following.rs`, `report/choice/following.rs`; money by dimensions:
//!   `visit/paid.rs`, `report/paid.rs`;
//! - sections of pages: `cell/section.rs`, their depth in [`site::Sections`]; `counts/snapshot/sections.rs` in memory, `Pair::OF_SECTIONS` when
//!   a day ends; `report/sections.rs` for the days of which they are counted;
//! - what sums do not know exactly: `report/bounds.rs` of sets of values, `report/estimate.rs` of three dimensions and more, which
//!   `report/estimated.rs` asks for; how near that comes: `cargo bench --bench estimates`;
//! - the list of sites: `report/overview.rs`, `view/site_list.rs`; several sites as one: `report/together.rs`, `view/site_group.rs`;
//! - what happens just now: `counts/recent_activity.rs`, `view/live.rs`, `server/live/`; what swaps, refreshes and takes keys: `dashboards/headcount.js`, the
//!   keys themselves: `page/keys.rs`;
//! - users and what they may do: [`operator`], `store/operators/users.rs`, `control/user.rs`; signing in: `server/sign_in.rs`, `server/signed_in.rs`, browsers that
//!   were signed in before: `server/device.rs`; when tries at passwords are compared: `server/tries.rs`, `server/guess.rs`; cookies: `server/cookies.rs`;
//!   passwords: `secret/password.rs`;
//! - names of countries and languages, and the world's shapes: `page/data/`, made anew by `page/data/refresh`;
//! - what visitors are told: its facts in `notice/facts.rs`, its sentences in `notice/compose.rs` and `notice/texts/`, when they are composed anew in `notice/cache.rs`, versions and announced
//!   changes in `control/notice/`, which way a setting leads in `site/direction.rs`, what owners say in `site/telling.rs`, its pages in
//!   `page/notice.rs` and `server/privacy.rs`;
//! - a reason for rejection: [`rejection::Rejection`] and the table in `docs/reasons.md`;
//! - what everybody may see of a site: [`report::folded`] and nowhere else (the rule and its proof: `rule.rs` there; what is part of
//!   what: `wholes.rs`; who tries to break it: `attacker.rs`), and [`view::counter`]; how it is opened: `control/share.rs`,
//!   `server/share.rs`, and by owners in `server/settings/sharing.rs`;
//! - what is published with noise: `counts/published.rs` and below; which days are: `collector/running/publishing.rs`; what is kept of it:
//!   `store/sums/sqlite/releases.rs`; how it is shown: `page/published.rs`, `server/published.rs`; lists of values that no visitor adds to:
//!   `hit/listed.rs`;
//! - a setting of a site: its field and its item in `site/settings.rs` (of paths: `site/paths.rs`; of what is left out:
//!   `site/exclusions.rs`; of publishing: `site/publishing.rs`), a bound in [`limits`]. Flags, answers, forms and their texts are made of the item; the table for the
//!   documentation is what `headcount reference sites` prints;
//! - a key of the configuration: its field and its item of [`config::KEYS`], which flag, variable and help are made of; the table
//!   for the documentation is what `headcount reference configuration` prints;
//! - which names find room on a full day, and which give way: `cell/names/`; which owners have named: `hit/watched.rs`; which answers may
//!   lack some: `report/past_budget.rs`; who has room as a visitor: `counts/shares.rs`;
//! - what a site does without: a switch in `site/collect.rs`, what it means for dimensions in `cell/collected.rs`, where it acts in
//!   `hit/left_out.rs`; settings that are kept together: `site/preset.rs`;
//! - what `explain` says of a request: `server/explain.rs` and below, its page in `page/explained.rs`; documents about a site:
//!   `control/document.rs` and below, their form in `page/document.rs`;
//! - what is set aside of some days: [`site::SetAside`], answers without it in `report/set_aside.rs` and below, which `collector/snapshot.rs`
//!   asks, what is left of a day that ends in `counts/segments.rs`, `control/set_aside.rs`;
//! - what is left out: [`site::Exclusions`], `hit.rs`; what is noted beside figures: [`site::Annotation`], `control/annotation.rs`,
//!   `server/api/annotations.rs`;
//! - how connections are served: `server/connection.rs`; which beacons need no hyper: `server/fast_path/`, and
//!   `WireAdapter::at_once` in `server/ingest.rs`;
//! - what is wiped when it is freed, where salts lie, and what is locked in memory: `memory/`; what `/health` tells of it:
//!   `server/locked_memory.rs`; what must not be found there: `tests/memory.rs`, and everywhere else: `tests/canaries.rs`;
//! - the end of the program: `collector/running/ending.rs`; what becomes of sums that can't be stored then: `collector/running/spilling.rs`, their
//!   file `store/spill.rs`; a database that
//!   can only be read: `store/sqlite/reopening.rs`, one that is locked: `store/sqlite/lock_wait.rs`; what is believed of the clock: `clock/guard.rs`, of how old sums are
//!   `collector/running/trust.rs`;
//! - a path of the server: a row of `server/routes.rs`; what may fail, how the log, `/metrics` and `/health` tell it:
//!   `meter/failures.rs`, and the answers to it: `server/failure.rs`;
//! - what the journal holds: `journal/record.rs` and the codes beside it, `journal/header.rs` for the version, whose bytes are in
//!   `journal/golden/`;
//! - a command: [`control::Command`], its words in `cli/words.rs`, what it answers in `page/text/`, its form in `page/settings/`,
//!   which `server/settings/asked.rs` reads; a page of settings: `server/settings.rs` and below, with forms of `page/form.rs`;
//! - a bound: `limits/` and nowhere else.
#![deny(unsafe_code)]
// They panic where nobody takes what they say; `cli/output.rs` does not.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

/// Unit tests have the program's allocator, which counts what a question takes.
#[cfg(test)]
#[global_allocator]
static MEMORY: memory::WipingAllocator = memory::WipingAllocator;

pub mod limits;
pub mod memory;
pub mod site;
pub mod rejection;
pub mod cell;
pub mod beacon;
pub mod hit;
pub mod visit;
pub mod counts;
pub mod secret;
pub mod operator;
pub mod store;
pub mod report;
pub mod notice;
pub mod page;
pub mod view;
pub mod clock;
pub mod config;
pub mod meter;
pub mod journal;
pub mod backup;
pub mod audit;
pub mod collector;
pub mod import;
pub mod control;
pub mod server;
pub mod demo;
pub mod cli;
