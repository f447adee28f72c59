//! How much of a site's day is kept by name. In: what an owner sets. Out: the same. Forgets: nothing.

use serde::{Deserialize, Serialize};

use crate::limits;

/// How much of a site's day is kept by name; what is past it is counted as `(other)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// Different values of each dimension.
    pub values: u32,
    /// Cells of two dimensions.
    pub pair_cells: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { values: limits::VALUES_PER_DAY, pair_cells: limits::PAIR_CELLS_PER_DAY }
    }
}
