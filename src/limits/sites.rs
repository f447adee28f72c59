//! What owners declare: `site`, `control`.

/// Age in months at which figures of an audience must be gone under the French regulator's exemption, counted with the running month.
pub const EXEMPT_MONTHS_MAX: u32 = 25;
/// Most further names of one site.
pub const ALIASES_MAX: usize = 100;
/// Children of one parent that one visitor each has seen, before further ones are counted together, where the owner says nothing.
pub const PERSONAL_CHILDREN: u32 = 50;
/// The most of them that an owner can ask for.
pub const PERSONAL_CHILDREN_MAX: u32 = 10_000;
/// Parents of one site whose children look personal, and those whose names an owner keeps.
pub const PERSONAL_PARENTS_MAX: usize = 100;
/// Templates of one site's paths; each is looked at for each hit.
pub const PATH_TEMPLATES_MAX: usize = 100;
/// Masks for parts of one site's paths.
pub const PATH_MASKS_MAX: usize = 20;
/// Keys of the query that one site keeps.
pub const QUERY_KEYS_MAX: usize = 10;
/// Longest template, mask or key, in bytes.
pub const PATH_RULE_BYTES_MAX: usize = 200;
/// Networks that one site leaves out; each is tried on every hit.
pub const EXCLUDED_NETWORKS_MAX: usize = 200;
/// Countries that one site leaves out: more than there are.
pub const EXCLUDED_COUNTRIES_MAX: usize = 250;
/// Patterns of pages that one site leaves out; each is tried on every hit.
pub const EXCLUDED_PATHS_MAX: usize = 50;
/// Hosts that one site leaves out; each is tried on every hit.
pub const EXCLUDED_HOSTS_MAX: usize = 100;
/// Goals of one site: each pattern among them is tried on every hit.
pub const GOALS_MAX: usize = 200;
/// Funnels of one site, for the same reason.
pub const FUNNELS_MAX: usize = 20;
/// Steps of one funnel: they are bits of a number, and nobody reads longer ones.
pub const FUNNEL_STEPS_MAX: usize = 16;
/// Segments of one site: each is counted by every dimension when a day ends.
pub const SEGMENTS_MAX: usize = 50;
/// Properties of one site that are counted by every dimension: each makes a place of each of its values.
pub const NAMED_PROPERTIES_MAX: usize = 5;

/// Most parts of a path that make a section: deeper ones are hardly more than their pages.
pub const SECTION_DEPTH_MAX: u32 = 5;
/// Longest name that an owner can give a goal, a funnel or a segment, in characters: it heads a line.
pub const DECLARED_NAME_CHARS_MAX: usize = 120;
/// Annotations of one site: one a day for three years, all of which are read with its settings.
pub const ANNOTATIONS_MAX: usize = 1_000;
/// Longest text of one, in characters: two lines beside a chart.
pub const ANNOTATION_CHARS_MAX: usize = 200;
/// Most mail campaigns of one site.
pub const CAMPAIGNS_MAX: usize = 500;
/// Longest name of one, in bytes.
pub const CAMPAIGN_BYTES_MAX: usize = 100;
/// Most pages of one site for readers who are not signed in: the list is one page.
pub const SHARES_MAX: usize = 100;
/// Longest name of one, in characters.
pub const SHARE_NAME_CHARS_MAX: usize = 64;
/// Most hosts in whose pages one may stand: all of them are in a header of each answer.
pub const EMBED_HOSTS_MAX: usize = 20;
/// Longest time after which one ends, in days: ten years.
pub const SHARE_DAYS_MAX: i32 = 3_650;
/// Fewest visitors that a value of a day must have to be shown to everybody, unless the site has another number.
pub const SMALL_COUNTS_K: u32 = 5;
/// Least and most that a site may set for it: at 2, who knows that there are two values knows that two visitors had one each
/// (`report/folded/rule.rs`), and past a thousand little is shown.
pub const SMALL_COUNTS_K_MIN: u32 = 3;
/// See [`SMALL_COUNTS_K_MIN`].
pub const SMALL_COUNTS_K_MAX: u32 = 1_000;
/// Longest name of a user, in characters: a whole name with titles.
pub const USER_NAME_CHARS_MAX: usize = 64;
/// Most users: the list is one page.
pub const USERS_MAX: usize = 1_000;
/// Most hosts that are named as those of one site.
pub const SITE_HOSTS_MAX: usize = 1_000;
/// Most acts of setting something aside at one site: all are read with its settings, and each cuts the ranges of questions.
pub const SET_ASIDE_MAX: usize = 200;
/// Most days of one: each is answered by itself.
pub const SET_ASIDE_DAYS_MAX: i32 = 366;
/// Most values of one.
pub const SET_ASIDE_VALUES_MAX: usize = 20;
/// Longest of these, in bytes: longer ones are never counted by name.
pub const SET_ASIDE_VALUE_BYTES_MAX: usize = 2_000;
