//! Whether the time of a change tells it from later ones.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far from now a change has to be before every further change gives the file another stamp. The
/// coarsest timestamps of a common file system, FAT's, have steps of two seconds.
const SETTLE: Duration = Duration::from_secs(3);

/// Whether a change, at this time since 1970, is so far from now that every further change gets another
/// time.
pub(super) fn is_far_from_now(changed: Duration) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.abs_diff(changed) > SETTLE + Duration::from_secs(1)
}
