//! What the documents suppose, and which of their commands a test can't run. A command that is not named here is run as it is
//! printed.

/// What time it is for the documents, which name days of their own.
pub const NOW: &str = "2026-11-25T12:00:00Z";

/// What is typed where a command asks, and given to those that read.
pub const TYPED: &str = "three green geese\n";

/// What stands in the place of a text of the documents, and why.
pub const REPLACED: [(&str, &str, &str); 8] = [
    (
        "headcount token revoke 1 ",
        "headcount token revoke $(headcount token list | tail -n 1 | cut -d ' ' -f 1) ",
        "the number depends on what was made before",
    ),
    ("cargo run --release -- ", "headcount ", "the program is built already, for the tests"),
    ("/var/lib/headcount", "./data", "the folder of a service belongs to root"),
    ("/var/log/nginx/", "./nginx/", "and so do logs"),
    ("/var/log/apache2/", "./apache2/", "and so do logs"),
    (" --password ", " --password-stdin ", "nobody sits at the terminal"),
    ("headcount user password Ana ", "headcount user password Ana --password-stdin ", "nobody sits at the terminal"),
    ("http://127.0.0.1:8080", "http://{address}", "the port may be taken: the server has one that is free"),
];

/// Commands that stay, and what they say when they are ready.
pub const STAYING: [(&str, &str); 3] = [
    ("headcount serve", "listening on "),
    ("headcount demo", "listening on "),
    ("headcount import --follow", "following "),
];

/// How commands begin that are not run, and why. They must be right for a shell, and the files of the project that they name
/// must be there.
pub const ASIDE: [(&str, &str); 13] = [
    ("HEADCOUNT_ATTACKED_SITES=10000 cargo ", "attacks for minutes"),
    ("cargo ", "builds anew, installs or measures; targets that it names are looked up in Cargo.toml"),
    ("touch ", "says that a file has changed, to build anew"),
    ("install ", "puts files where only root may"),
    ("echo 'HEADCOUNT_", "writes to /etc"),
    ("systemctl ", "there is no service manager"),
    ("docker ", "there is no Docker"),
    ("tests/run", "runs this test"),
    ("tests/axe", "is run by tests/run"),
    ("tests/engines", "is run by tests/run"),
    ("tests/layout", "is run by tests/run"),
    ("benches/", "measures for minutes, beside programs that it installs"),
    ("deploy/try", "needs nginx and Caddy"),
];

/// What a block supposes that has such a text in it: run before the block. All others suppose the site example.com, once a
/// server runs.
pub const SUPPOSED: [(&str, &str); 5] = [
    (
        "site forget example.com",
        "for page in draft internal/draft user/ana; do curl -s http://127.0.0.1:8080/api/event \
         -H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' \
         -d '{\"n\":\"pageview\",\"u\":\"https://example.com/'$page'\",\"d\":\"example.com\"}' >out; done",
    ),
    ("site add example.com", "headcount site remove example.com --yes"),
    ("user add Ana", "if headcount user list | grep ^Ana; then headcount user remove Ana; fi"),
    ("/api/v2/query", "TOKEN=$(headcount token create --scope read)"),
    (
        "--segment \"Phones in Germany\"",
        "headcount segment add example.com 'Phones in Germany' --filter 'device=mobile and country=DE' || true; \
         for name in public press board blog; do headcount share remove example.com $name || true; done",
    ),
];

/// Beginnings of the documents that suppose a server that runs: the pages of the manual, and those whose own way to start one is
/// left aside.
pub const SERVED: [&str; 2] = ["docs/", "deploy/README.md"];

/// Flags of other programs, which the documents name within sentences.
pub const OF_OTHERS: [(&str, &str); 9] = [
    ("--ulimit", "docker"),
    ("--now", "hidden: for tests alone"),
    ("--locked", "cargo"),
    ("--lib", "cargo"),
    ("--test", "cargo"),
    ("--nocapture", "the tests of cargo"),
    ("--bench", "cargo"),
    ("--prefix", "kubectl"),
    ("--shm-size", "docker"),
];

/// Languages of blocks that are looked at in another way, and where.
pub const ELSEWHERE: [(&str, &str); 2] = [
    ("js", "tests/browser drives the calls of the tracker"),
    ("console", "tests/audit.rs finds the same in folders of its own; places, times and digests are those of one run"),
];
