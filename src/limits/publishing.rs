//! What is published of days with noise: `site`, `counts`, `store`, `server`.

/// Fewest values that each dimension must take in a day on a site that publishes: a quarter of it is one network's alone, and that is
/// more than any list of published values has, so that no visitor's value depends on who else came.
pub const PUBLISH_VALUES_MIN: u32 = 4_000;
/// Pages of which a release tells by name: the first of those that the owner watches. Each is a row with noise of its own.
pub const PUBLISHED_PAGES_MAX: usize = 50;
/// Days in the index of a site's releases, the latest ones: ten years.
pub const RELEASES_LISTED: usize = 3_653;
/// Chance that a published number is further from the truth than its margin, in percent.
pub const MARGIN_PERCENT: u32 = 5;
/// Values that nobody had and that are published all the same: of each dimension one in so many releases, on average.
pub const FALSE_ROW_PER_RELEASES: u32 = 2;
/// Numbers of 64 bits that are asked of the system at once for noise: a release takes some thousands.
pub const RANDOM_WORDS_AT_ONCE: usize = 64;
