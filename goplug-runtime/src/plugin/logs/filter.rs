//! What the host wants to know of the events of this program.

use std::env;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::filter::targets;

use crate::protocol::wire;

/// What the environment asks for. `RUST_LOG` counts if the host does not say; it may be meant for the
/// host's own program, so errors are always among it.
pub(super) fn of_environment() -> Targets {
    let of = |name| read(&env::var(name).ok()?);
    let of_rust_log = || {
        let targets = of("RUST_LOG")?;
        let has_default = targets.default_level().is_some();
        Some(if has_default { targets } else { targets.with_default(LevelFilter::ERROR) })
    };
    of(wire::ENV_LOG)
        .or_else(of_rust_log)
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO))
}

/// Reads directives such as `info` and `warn,my_crate=debug`. Those that are for spans, as
/// `EnvFilter` reads them, are left out. `None` if nothing is left.
fn read(directives: &str) -> Option<Targets> {
    let read = |directive: &str| directive.trim().parse::<Targets>().ok();
    let targets: Targets = directives
        .split(',')
        .filter(|directive| !directive.trim().is_empty())
        .filter_map(read)
        .flat_map(|targets| {
            let default = targets.default_level().map(|level| (String::new(), level));
            let named: targets::IntoIter = targets.into_iter();
            default.into_iter().chain(named)
        })
        .collect();
    (targets.iter().next().is_some() || targets.default_level().is_some()).then_some(targets)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn directives_are_levels_of_targets() {
        let targets = read("warn, my_crate=debug").unwrap();
        assert!(targets.would_enable("other", &Level::WARN));
        assert!(!targets.would_enable("other", &Level::INFO));
        assert!(targets.would_enable("my_crate::module", &Level::DEBUG));
        assert!(!read("off").unwrap().would_enable("other", &Level::ERROR));
    }

    #[test]
    fn directives_that_cannot_be_read_are_left_out() {
        assert!(read("").is_none());
        assert!(read("my_crate=loud").is_none());
        let targets = read("[span{page=3}]=trace,debug").unwrap();
        assert!(targets.would_enable("any", &Level::DEBUG));
        assert!(!targets.would_enable("any", &Level::TRACE));
    }
}
