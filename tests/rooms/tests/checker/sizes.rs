//! The lines of functions.

use rooms::size;

fn lengths(text: &str) -> Vec<(String, usize, usize)> {
    let functions = size::functions(text).unwrap();
    functions.into_iter().map(|found| (found.name, found.line, found.lines)).collect()
}

#[test]
fn a_function_counts_from_its_fn_to_its_brace() {
    let text = "/// Long\n/// docs.\n#[inline]\npub fn f(\n    a: u8,\n) {\n    a;\n}\n";
    assert_eq!(lengths(text), [("f".to_owned(), 4, 5)]);
}

#[test]
fn methods_default_methods_and_functions_of_functions_count() {
    let text = "trait T {\n    fn a();\n    fn b() {}\n}\nimpl T for u8 {\n    fn a() {\n        \
                fn c() {}\n    }\n}\nmod m {\n    fn d() {}\n}";
    let names: Vec<_> = lengths(text).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["b", "a", "c", "d"]);
}
