//! What to do about a violation.

use rooms::checkout::Verdict;
use rooms::rules::Violation;

#[test]
fn the_hint_stands_once_and_only_with_violations() {
    let violation = Violation { file: "src/lib.rs".into(), line: 7, text: "is long".to_owned() };
    let violations = vec![violation.clone(), violation];
    let mut verdict = Verdict { title: "long files", hint: "split them", violations };
    let expected = "== long files: 2 (split them)\nsrc/lib.rs:7: is long\nsrc/lib.rs:7: is long\n";
    assert_eq!(verdict.to_string(), expected);
    verdict.violations.clear();
    assert_eq!(verdict.to_string(), "== long files: 0\n");
}
