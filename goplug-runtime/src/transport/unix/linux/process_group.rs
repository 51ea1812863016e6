//! Who is in a process group, as the system reports it.

use super::process_files;

/// Whether no other process of the group of this one is known to run. Reads a small file of each process.
pub(in crate::transport::unix) fn is_alone_in_group() -> bool {
    let stat_of = |process: u32| process_files::read(process, "stat").ok();
    let own = std::process::id();
    let Some(group) = stat_of(own).and_then(|stat| running_in(&stat)) else { return false };
    let Ok(entries) = std::fs::read_dir("/proc") else { return false };
    let names = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // A process that ends meanwhile has no file.
    names
        .filter(|process| *process != own)
        .filter_map(stat_of)
        .all(|stat| running_in(&stat) != Some(group))
}

/// The process group of a process that has not ended, from its `stat`.
fn running_in(stat: &[u8]) -> Option<i32> {
    let mut fields = process_files::fields(stat)?;
    let state = fields.next()?;
    let group = fields.nth(1)?.parse().ok()?;
    (!matches!(state, "Z" | "X" | "x")).then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_in_the_group_is_noticed() {
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let is_alone = is_alone_in_group();
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!is_alone);
    }

    #[test]
    fn the_group_is_read_behind_the_name() {
        assert_eq!(running_in(b"7 (a) S (b) S 1 42 3 0 -1 4 0 0\n"), Some(42));
        for ended in ["Z", "X"] {
            assert_eq!(running_in(format!("7 (a) {ended} 1 42 3").as_bytes()), None);
        }
        assert_eq!(running_in(b"7 (cut off"), None);
    }
}
