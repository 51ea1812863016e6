//! What a process uses of the machine, as the system reports it.

use std::time::Duration;

use rustix::param::{clock_ticks_per_second, page_size};

use super::process_files;
use crate::transport::ProcessUsage;

impl ProcessUsage {
    /// The usage of the process of this id; `None` if there is none, or if the system does not say.
    /// Reads one small file, which does not block.
    pub fn of(process: u32) -> Option<Self> {
        let stat = process_files::read(process, "stat").ok()?;
        Self::parse(&stat, page_size() as u64, clock_ticks_per_second())
    }

    /// Reads a process's `stat`.
    fn parse(stat: &[u8], page_size: u64, ticks_per_second: u64) -> Option<Self> {
        // Here the state is field 0.
        let fields: Vec<_> = process_files::fields(stat)?.collect();
        let field = |number: usize| fields.get(number)?.parse::<u64>().ok();
        let ticks = field(11)?.saturating_add(field(12)?);
        let millis = ticks.saturating_mul(1000).checked_div(ticks_per_second)?;
        Some(Self {
            resident_memory: field(21)?.saturating_mul(page_size),
            processor_time: Duration::from_millis(millis),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_process_that_computes_is_seen_to_use_memory_and_time() {
        let (process, began) = (std::process::id(), Instant::now());
        let first = ProcessUsage::of(process).unwrap();
        // No program of Rust fits into 100 kB.
        assert!(first.resident_memory > 100_000, "{first:?}");
        while ProcessUsage::of(process).unwrap().processor_time <= first.processor_time {
            assert!(began.elapsed() < Duration::from_secs(20), "{first:?}");
        }
    }

    #[test]
    fn a_process_that_is_not_there_uses_nothing() {
        assert_eq!(ProcessUsage::of(u32::MAX), None);
    }

    #[test]
    fn the_fields_are_counted_behind_the_name_whatever_it_is() {
        let stat =
            b"7 (a) R 9 9 (b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 5 9000 300 \
                     18446744073709551615 1 1\n";
        let expected =
            ProcessUsage { resident_memory: 300 * 4096, processor_time: Duration::from_secs(3) };
        assert_eq!(ProcessUsage::parse(stat, 4096, 100), Some(expected));
        assert_eq!(ProcessUsage::parse(b"7 (cut off) S 1 7", 4096, 100), None);
        assert_eq!(ProcessUsage::parse(stat, 4096, 0), None);
    }
}
