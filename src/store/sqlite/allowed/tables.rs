//! Every table and column that is allowed, in words.

use super::{AllowedColumn, AllowedTable, ColumnContent};

const fn table(name: &'static str, holds: &'static str, columns: &'static [AllowedColumn]) -> AllowedTable {
    AllowedTable { name, holds, columns }
}

const fn column(content: ColumnContent, name: &'static str, holds: &'static str) -> AllowedColumn {
    AllowedColumn { name, content, holds }
}

const fn number(name: &'static str, holds: &'static str) -> AllowedColumn {
    column(ColumnContent::Number, name, holds)
}

const fn masked(name: &'static str, holds: &'static str) -> AllowedColumn {
    column(ColumnContent::Masked, name, holds)
}

const fn declared(name: &'static str, holds: &'static str) -> AllowedColumn {
    column(ColumnContent::Declared, name, holds)
}

const fn digest(name: &'static str, holds: &'static str) -> AllowedColumn {
    column(ColumnContent::Digest, name, holds)
}

const fn slow_digest(name: &'static str, holds: &'static str) -> AllowedColumn {
    column(ColumnContent::SlowDigest, name, holds)
}

const fn key(name: &'static str, holds: &'static str) -> AllowedColumn {
    column(ColumnContent::Key, name, holds)
}

const fn cells(name: &'static str, holds: &'static str) -> AllowedColumn {
    column(ColumnContent::Cells, name, holds)
}

/// Every table, those of former versions too.
pub const ALLOWED: &[AllowedTable] = &[
    table(
        "sites",
        "What is measured, and what its owners have set.",
        &[
            number("id", "number of the site"),
            declared("domain", "its domain"),
            declared("timezone", "its time zone"),
            declared("next_timezone", "the time zone that comes next"),
            number("next_from_ms", "from when that holds, in milliseconds"),
            declared("settings", "what its owners have set, as JSON: networks, paths and goals that they typed in"),
            number("added_ms", "when it was added, in milliseconds"),
        ],
    ),
    table(
        "sign_in_links",
        "Links that sign somebody in once.",
        &[
            digest("hash", "digest of the secret"),
            number("user", "whom it signs in"),
            number("until_ms", "when it ends, in milliseconds"),
        ],
    ),
    table(
        "logins",
        "Browsers of operators that are signed in.",
        &[
            number("id", "number of the sign-in"),
            digest("hash", "digest of the cookie"),
            number("user", "who it is"),
            number("day", "day of the sign-in, in UTC"),
            number("until_ms", "when it ends, in milliseconds"),
        ],
    ),
    table(
        "tokens",
        "Tokens of the API.",
        &[
            number("id", "number of the token"),
            digest("hash", "digest of the secret"),
            number("site", "the only site that it is good for"),
            declared("scope", "what it may do"),
            number("added_ms", "when it was made, in milliseconds"),
        ],
    ),
    table(
        "flushes",
        "How often sums were stored.",
        &[number("one", "1"), number("number", "number of the last transaction")],
    ),
    table(
        "names",
        "The texts of values: paths, sources, events, places. Each was masked before it was stored.",
        &[number("id", "the number that cells have of it"), number("site", "the site"), masked("text", "the text")],
    ),
    table(
        "props",
        "Properties of events, before version 2.",
        &[
            number("id", "number of the property"),
            number("site", "the site"),
            number("event", "a name, or 0"),
            number("key", "a name"),
        ],
    ),
    table(
        "imports",
        "Which logs were imported, and how far.",
        &[
            number("site", "the site"),
            digest("head", "digest of the log's beginning, addresses left out"),
            number("head_bytes", "how long that beginning is, in bytes"),
            number("bytes", "how much of the log is counted, in bytes"),
        ],
    ),
    table(
        "rejections",
        "How many beacons were not counted.",
        &[
            number("site", "the site, or 0"),
            number("day", "the day"),
            number("reason", "the reason"),
            number("count", "how many"),
        ],
    ),
    table(
        "hours",
        "Sums of one dimension by hour, of the last days.",
        &[
            number("site", "the site"),
            number("dimension", "what is split by"),
            number("prop", "which property, money or funnel, or 0"),
            number("bucket", "the hour"),
            number("value", "a name"),
            number("visitors", "sum of visitors"),
            number("visits", "sum of visits"),
            number("pageviews", "sum of pageviews"),
            number("events", "sum of events"),
            number("bounces", "sum of bounces"),
            number("seconds", "sum of seconds"),
            number("engaged_visits", "visits that told how long"),
            number("engaged_ms", "sum of time in view, in milliseconds"),
            number("scroll", "sum of depths, in percent"),
            number("revenue", "sum of money"),
            number("first_visitors", "visitors who came first in the hour"),
        ],
    ),
    table(
        "days",
        "Sums of one dimension by day, until the day is packed.",
        &[
            number("site", "the site"),
            number("dimension", "what is split by"),
            number("prop", "which property, money or funnel, or 0"),
            number("bucket", "the day"),
            number("value", "a name"),
            number("visitors", "sum of visitors"),
            number("visits", "sum of visits"),
            number("pageviews", "sum of pageviews"),
            number("events", "sum of events"),
            number("bounces", "sum of bounces"),
            number("seconds", "sum of seconds"),
            number("engaged_visits", "visits that told how long"),
            number("engaged_ms", "sum of time in view, in milliseconds"),
            number("scroll", "sum of depths, in percent"),
            number("revenue", "sum of money"),
        ],
    ),
    table(
        "months",
        "Sums of one dimension by month.",
        &[
            number("site", "the site"),
            number("dimension", "what is split by"),
            number("prop", "which property, money or funnel, or 0"),
            number("bucket", "the month"),
            number("value", "a name"),
            number("visitors", "sum of visitors"),
            number("visits", "sum of visits"),
            number("pageviews", "sum of pageviews"),
            number("events", "sum of events"),
            number("bounces", "sum of bounces"),
            number("seconds", "sum of seconds"),
            number("engaged_visits", "visits that told how long"),
            number("engaged_ms", "sum of time in view, in milliseconds"),
            number("scroll", "sum of depths, in percent"),
            number("revenue", "sum of money"),
        ],
    ),
    table(
        "packed",
        "Sums of one dimension, of days and months that are over.",
        &[
            number("id", "number of the row"),
            number("site", "the site"),
            number("grain", "0 hours of a day, 1 a day, 2 a month"),
            number("dimension", "what is split by"),
            number("prop", "which property, money or funnel, or 0"),
            number("bucket", "the day or month"),
            cells("cells", "sums by names, packed"),
        ],
    ),
    table(
        "pairs",
        "Sums of two dimensions, of days and months.",
        &[
            number("id", "number of the row"),
            number("site", "the site"),
            number("grain", "1 a day, 2 a month"),
            number("bucket", "the day or month"),
            number("part", "0 for good, or whose running day"),
            number("first_table", "the first two dimensions in it"),
            number("sequence", "place among the blocks"),
            cells("cells", "sums by two names, packed"),
        ],
    ),
    table(
        "months_added",
        "Months whose days are added up.",
        &[
            number("site", "the site"),
            number("month", "the month"),
            number("turned", "whether large tables are there in both orders"),
        ],
    ),
    table(
        "months_begun",
        "Months that are being added up.",
        &[
            number("site", "the site"),
            number("month", "the month"),
            number("pair", "the last two dimensions"),
            number("first", "the last name"),
            number("second", "the last other name"),
            number("blocks", "how many blocks are written"),
        ],
    ),
    table(
        "months_alone",
        "Months whose days keep no sums of two dimensions any more.",
        &[number("site", "the site"), number("month", "the month"), number("done", "whether all are gone")],
    ),
    table(
        "days_closed",
        "Days that are over.",
        &[number("site", "the site"), number("day", "the day"), number("number", "the transaction that closed it")],
    ),
    table(
        "axes",
        "Properties and money that are split by.",
        &[
            number("id", "number of the axis"),
            number("site", "the site"),
            number("event", "a name, or 0"),
            number("key", "a name, or 0"),
            number("currency", "a name, or 0"),
        ],
    ),
    table(
        "site_totals",
        "Sums of a whole site.",
        &[
            number("site", "the site"),
            number("grain", "0 hours, 1 days, 2 months"),
            number("bucket", "the hour, day or month"),
            number("visitors", "sum of visitors"),
            number("visits", "sum of visits"),
            number("pageviews", "sum of pageviews"),
            number("events", "sum of events"),
            number("bounces", "sum of bounces"),
            number("seconds", "sum of seconds"),
            number("engaged_visits", "visits that told how long"),
            number("engaged_ms", "sum of time in view, in milliseconds"),
            number("scroll", "sum of depths, in percent"),
            number("revenue", "sum of money"),
            number("first_visitors", "visitors who came first in the hour"),
        ],
    ),
    table(
        "bots",
        "How many requests of programs came.",
        &[
            number("site", "the site"),
            number("day", "the day"),
            masked("family", "family of the program"),
            masked("pages", "first part of the paths"),
            number("count", "how many"),
        ],
    ),
    table(
        "batches",
        "Which batches of hits have come, for 30 days, and which spilled sums, last flushes and journals of earlier programs are in it.",
        &[
            digest(
                "id",
                "digest of the batch's id and its sender's token; or the random id of spilled sums or a flush, of a journal with a place in it, or of the database that it is a copy of",
            ),
            number("day", "the day, in UTC; the last one of all where it is no batch"),
        ],
    ),
    table(
        "keys",
        "Keys of the instance for links in mails and cookies.",
        &[declared("name", "what it is for"), key("secret", "the key")],
    ),
    table(
        "mails",
        "What became of mail campaigns.",
        &[
            number("site", "the site"),
            declared("campaign", "a declared name"),
            number("day", "the day"),
            number("kind", "what happened, and who asked"),
            number("count", "how often"),
            number("people", "sum of people, distinct within the day"),
        ],
    ),
    table(
        "users",
        "Who may sign in to read.",
        &[
            number("id", "number of the user"),
            declared("name", "the name"),
            declared("folded", "the name in small letters"),
            declared("role", "owner or analyst"),
            number("all_sites", "whether all sites may be read"),
            slow_digest("password", "slow digest of the password"),
            number("added_ms", "when they were added, in milliseconds"),
            number("last_day", "day of the last sign-in, in UTC"),
        ],
    ),
    table("users_sites", "Which sites a user may read.", &[number("user", "the user"), number("site", "the site")]),
    table(
        "shares",
        "Pages for readers who are not signed in.",
        &[
            number("id", "number of the share"),
            number("site", "the site"),
            declared("name", "its name"),
            digest("hash", "digest of the secret link"),
            slow_digest("password", "slow digest of the password"),
            number("until_ms", "when it ends, in milliseconds"),
            declared("embed", "hosts in whose pages it may stand"),
            number("added_ms", "when it was made, in milliseconds"),
            number("from_ms", "from when it is open, in milliseconds"),
            number("segment", "the segment that it shows alone"),
        ],
    ),
    table(
        "journal",
        "Which database this is, and up to where the journal in memory is in the sums.",
        &[
            number("one", "1"),
            digest("database", "random number of the database"),
            digest("id", "random number of the journal"),
            number("segment", "a file of the journal"),
            number("offset", "a place in it, in bytes"),
            number("flush", "the transaction"),
            declared("folder", "the folder in memory"),
        ],
    ),
    table(
        "unvisited",
        "How many hits were counted without a visitor.",
        &[number("site", "the site"), number("day", "the day"), number("count", "how many")],
    ),
    table(
        "instance_key",
        "The key that summaries of audits are signed with.",
        &[number("id", "1"), key("ed25519", "seed of the private key")],
    ),
    table(
        "audit_summary",
        "The last signed summary of an audit.",
        &[number("id", "1"), declared("signed", "the summary and its signature, as JSON")],
    ),
    table(
        "releases",
        "Days that are published with noise.",
        &[
            number("site", "the site"),
            number("day", "the day"),
            number("epsilon", "epsilon of the day, in thousandths"),
            number("state", "whether it is published, or why not"),
            number("visitors", "visitors, with noise"),
        ],
    ),
    table(
        "released_dimensions",
        "What a published day tells of a dimension.",
        &[
            number("site", "the site"),
            number("day", "the day"),
            number("dimension", "what is split by"),
            number("listed", "how many values its list has"),
        ],
    ),
    table(
        "released_values",
        "Visitors of the values of a published day, with noise.",
        &[
            number("site", "the site"),
            number("day", "the day"),
            number("dimension", "what is split by"),
            masked("value", "a value of a list that no visitor makes longer"),
            number("visitors", "visitors, with noise"),
        ],
    ),
    table(
        "taken_out",
        "Of which days and dimensions owners have taken something out; never what.",
        &[
            number("site", "the site"),
            number("first_day", "the first day"),
            number("last_day", "the last day"),
            number("dimension", "what is split by"),
        ],
    ),
    table(
        "kept_from",
        "From which day on each kind of sums is there.",
        &[
            number("site", "the site"),
            number(
                "kind",
                "the kind; of site 0, 101 is the last day on which the clock was believed; of others, 102 that it is being removed; from 100 on else what is to be cleared up",
            ),
            number("day", "the first day, or that day"),
        ],
    ),
    table(
        "notices",
        "What visitors of sites were told, version by version.",
        &[
            number("site", "the site"),
            number("number", "number of the version"),
            number("from_ms", "from when it holds, in milliseconds"),
            declared("cause", "what made it"),
            declared("program", "the version of the program"),
            declared("facts", "what it says, as JSON"),
            declared("texts", "how it says that, by language, as JSON"),
        ],
    ),
    table(
        "announced_changes",
        "Changes of settings that wait until they were announced for long enough.",
        &[
            number("id", "number of the change"),
            number("site", "the site"),
            number("announced_ms", "since when it is announced, in milliseconds"),
            number("from_ms", "from when it acts, in milliseconds"),
            declared("command", "the change, as JSON without secrets"),
        ],
    ),
    table(
        "rights_requests",
        "How many requests about their rights visitors made.",
        &[
            number("site", "the site"),
            number("day", "the day"),
            declared("kind", "what was asked for, one of a list"),
            number("requests", "how many"),
        ],
    ),
    table(
        "sqlite_sequence",
        "SQLite's own: the highest numbers that rows had.",
        &[declared("name", "the table"), number("seq", "the number")],
    ),
    table(
        "sqlite_stat1",
        "SQLite's own, where somebody ran ANALYZE: how long tables are.",
        &[declared("tbl", "the table"), declared("idx", "the index"), declared("stat", "numbers of rows")],
    ),
];
