//! Names that are gone.

use std::path::Path;

use rooms::words;

fn found(path: &str, text: &str) -> Vec<(&'static str, usize)> {
    let found = words::in_text(Path::new(path), text).unwrap();
    found.into_iter().map(|(word, line)| (word.old, line)).collect()
}

#[test]
fn an_old_name_is_found_wherever_it_is_declared() {
    let text = "struct Lease;\nuse a::{B as Link};\nfn attend(grace: u8) { grace.obey() }\n\
                mod by_hyper { type Core = u8; }\nstruct A { sound_after: u8 }";
    let expected = [
        ("Lease", 1),
        ("Link", 2),
        ("attend", 3),
        ("grace", 3),
        ("obey", 3),
        ("by_hyper", 4),
        ("Core", 4),
        ("sound_after", 5),
    ];
    assert_eq!(found("src/lib.rs", text), expected);
}

#[test]
fn longer_names_other_cases_texts_and_comments_are_allowed() {
    let text = "//! A Lease.\n/// Service\nfn attendance(core: Services) { \"Core\"; } // Core";
    assert_eq!(found("src/lib.rs", text), []);
}

#[test]
fn a_variant_and_a_type_of_another_crate_may_have_an_old_name() {
    let text = "use tower::Service;\nenum Content { Whole(u8) }\nimpl Service<u8> for Content {\n\
                fn call(self) { if let Self::Whole(_) = self {} } }";
    assert_eq!(found("src/lib.rs", text), []);
}

#[test]
fn a_name_that_is_gone_from_the_host_is_fine_elsewhere() {
    assert_eq!(found("goplug-runtime/src/host/plugin/state.rs", "struct Run;"), [("Run", 1)]);
    assert_eq!(found("goplug-runtime/src/typed/callback/run.rs", "struct Run;"), []);
}

#[test]
fn files_and_folders_are_checked_too() {
    let old = |path| words::in_path(Path::new(path)).map(|word| word.old);
    assert_eq!(old("src/held_folder.rs"), Some("HeldFolder"));
    assert_eq!(old("src/by_hyper/mod.rs"), Some("by_hyper"));
    assert_eq!(old("src/ordinary.rs"), Some("ordinary"));
    assert_eq!(old("src/service_name.rs"), None);
    assert_eq!(old("goplug-runtime/src/typed/callback/run.rs"), None);
    assert_eq!(old("goplug-runtime/src/host/run.rs"), Some("Run"));
}

#[test]
fn every_old_name_has_a_new_one_and_is_listed_once() {
    let words: Vec<_> = [words::WORDS, words::FILES, words::IN_HOST].concat();
    assert!(words.iter().all(|word| !word.now.is_empty()));
    let mut names: Vec<_> = words.iter().map(|word| word.old).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}
