//! Reading, refusing and writing a `.pconf`.

use std::sync::Arc;

use serde_json::json;

use super::*;

const ORIGINAL: &str = r#"{"Name":"Do","NameSpace":"Test","Url":"unix://TestDo",
    "Sock":"/tmp/plugins/Test.Do.sock","LazyLoad":false}"#;

fn parse(text: &str) -> Result<Pconf, PconfError> {
    Pconf::parse(text.as_bytes())
}

fn reason(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn a_file_of_the_original_library_is_read() {
    let pconf = parse(ORIGINAL).unwrap();
    assert_eq!(pconf.id().to_string(), "Test.Do");
    assert_eq!(pconf.file_name(), "Test.Do.pconf");
    assert_eq!((pconf.protocol(), pconf.exec()), (1, None));
    assert_eq!(
        pconf.sock_path(Path::new("/elsewhere")).unwrap(),
        Path::new("/tmp/plugins/Test.Do.sock")
    );
}

#[test]
fn a_file_gives_a_plugin_another_name() {
    let pconf = parse(r#"{"Name":"db2","NameSpace":"x","AliasOf":"x.Db","Sock":"s"}"#).unwrap();
    assert_eq!(
        (pconf.id().to_string(), pconf.plugin().to_string()),
        ("x.db2".into(), "x.Db".into())
    );
    assert_eq!(parse(&pconf.to_json()).unwrap(), pconf);
    assert_eq!(pconf.file_name(), "x.db2.pconf");
    let renamed = pconf.with_alias("db3".parse().unwrap());
    assert_eq!((renamed.plugin().to_string(), renamed.url()), ("x.Db".into(), "unix://db3"));
    // Its own name is no other one.
    let own = parse(r#"{"Name":"Db","AliasOf":"Db","Sock":"s"}"#).unwrap();
    assert_eq!(own, parse(r#"{"Name":"Db","Sock":"s"}"#).unwrap());
    let reason = reason(r#"{"Name":"db2","AliasOf":"a/b","Sock":"s"}"#);
    assert!(
        reason.starts_with("AliasOf: \"a/b\" is no plugin's name, as `acme.Store` is: "),
        "{reason}"
    );
}

#[test]
fn keys_are_matched_without_regard_to_case_and_null_is_absent() {
    let pconf = parse(r#"{"name":"a","NAMESPACE":null,"SOCK":"a.sock"}"#).unwrap();
    assert_eq!(pconf.url(), "unix://a");
    assert_eq!(pconf.sock_path(Path::new("/p")).unwrap(), Path::new("/p/a.sock"));
}

#[test]
fn unknown_keys_are_kept_and_known_ones_are_normalised() {
    let pconf = parse(r#"{"x-mine":{"b":[1]},"name":"a","sock":"s","protocol":2}"#).unwrap();
    let text = pconf.to_json();
    assert!(text.starts_with("{\n  \"Name\": \"a\",\n  \"NameSpace\": \"\",\n"), "{text}");
    assert!(text.contains("\"Protocol\": 2"), "{text}");
    assert!(text.contains("\"x-mine\""), "{text}");
    assert_eq!(parse(&text).unwrap(), pconf);
}

#[test]
fn every_setting_reads_back_from_the_file() {
    let descriptor = Descriptor {
        version: Some("1.2.3-rc.1".into()),
        methods: vec![MethodDescriptor { name: "add".into(), ..Default::default() }],
        callbacks: vec![CallbackDescriptor { name: "progress".into(), ..Default::default() }],
        configuration: Some(TypeDescriptor { spelling: "Config".into(), schema: None }),
        definitions: Arc::new([("Config".into(), json!({"type": "object"}))].into_iter().collect()),
        ..Descriptor::new("Calculator", "math")
    };
    let pconf = Pconf::of(descriptor)
        .unwrap()
        .with_url("unix://other")
        .unwrap()
        .with_sock("/run/c.sock")
        .unwrap()
        .with_lazy_load(true)
        .with_exec(vec!["bin/calc".into(), "--fast".into()])
        .unwrap()
        .with_sha256(&"A5".repeat(32))
        .unwrap();
    let read = parse(&pconf.to_json()).unwrap();
    assert_eq!(read, pconf);
    assert_eq!(read.program(Path::new("/p")).unwrap(), Path::new("/p/bin/calc"));
    assert_eq!(read.sha256(), Some("a5".repeat(32).as_str()));
    assert_eq!(read.version().unwrap().to_string(), "1.2.3-rc.1");
    assert_eq!(read.callbacks()[0].name, "progress");
}

#[test]
fn anything_but_an_object_is_refused() {
    assert_eq!(reason(" \n"), "the file is empty");
    for text in ["[]", "{", "\"a\"", "{} {}", "{\"Name\":}"] {
        assert!(reason(text).starts_with("not a JSON object: "), "{}", reason(text));
    }
    assert!(Pconf::parse(b"{\"Name\":\"\xff\"}").is_err());
}

#[test]
fn each_fault_names_its_key() {
    let with = |more: &str| reason(&format!(r#"{{"Name":"a","Sock":"s",{more}}}"#));
    assert_eq!(reason(r#"{"Sock":"s"}"#), "Name: is missing");
    assert!(reason(r#"{"Name":7}"#).starts_with("Name: invalid type: integer `7`"));
    assert!(reason(r#"{"Name":"../x","Sock":"s"}"#).contains("path separator"));
    assert!(reason(r#"{"Name":"a"}"#).starts_with("Sock: is missing, and so is Exec"));
    assert!(with(r#""Url":"unix://a/b""#).starts_with(r#"Url: "unix://a/b" is not"#));
    assert!(with(r#""Version":"one""#).starts_with(r#"Version: "one" is not a semantic"#));
    assert!(with(r#""Protocol":0"#).starts_with("Protocol: 0 is not"));
    assert!(with(r#""LazyLoad":"yes""#).starts_with("LazyLoad: invalid type"));
    assert!(with(r#""Exec":[]"#).starts_with("Exec: names no program"));
    assert!(with(r#""Exec":["../../bin/sh"]"#).contains("leaves the plugin's folder"));
    if std::path::MAIN_SEPARATOR == '\\' {
        // The root of a drive, and the working folder of one.
        for program in [r"\\x.exe", "C:x.exe", "/usr/bin/env", r"bin\\..\\..\\x.exe"] {
            let text = with(&format!(r#""Exec":["{program}"]"#));
            assert!(text.contains("leaves the plugin's folder"), "{text}");
        }
    }
    assert!(with(r#""Sha256":"abc""#).starts_with("Sha256: is not 64"));
    assert!(with(r#""Methods":[{"doc":"x"}]"#).starts_with("Methods: missing field `name`"));
}

#[test]
fn a_duplicate_key_is_refused_in_any_case() {
    let text = r#"{"Name":"a","name":"b","Sock":"s"}"#;
    assert!(reason(text).contains(r#"the key "name" is given twice"#), "{}", reason(text));
}

#[test]
fn many_keys_are_read_in_linear_time() {
    let keys: Vec<_> = (0..80_000).map(|n| format!("\"{n}\":0")).collect();
    let started = std::time::Instant::now();
    parse(&format!(r#"{{"Name":"a","Sock":"s",{}}}"#, keys.join(","))).unwrap();
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn a_name_that_is_not_valid_in_a_url_keeps_its_default_url() {
    let pconf = parse(r#"{"Name":"my plugin?","Sock":"s"}"#).unwrap();
    assert_eq!(pconf.url(), "unix://my plugin?");
    assert_eq!(parse(&pconf.to_json()).unwrap(), pconf);
}

#[test]
fn invalid_values_are_refused_before_they_are_written() {
    let descriptor =
        |protocol| serde_json::from_str(&format!(r#"{{"name":"a","protocol":{protocol}}}"#));
    let fault = Pconf::of(descriptor(0).unwrap()).unwrap_err().to_string();
    assert_eq!(fault, "Protocol: 0 is not a version of the protocol");

    let fault = |sock: PathBuf| {
        Pconf::of(descriptor(2).unwrap()).unwrap().with_sock(sock).unwrap_err().to_string()
    };
    assert_eq!(fault(PathBuf::new()), "Sock: is empty");
    assert_eq!(fault("a\0b".into()), "Sock: holds a zero byte");
    let (name, shown, _) = crate::transport::not_utf8();
    assert_eq!(fault(name.into()), format!("Sock: {shown} is not UTF-8"));
}

/// An absolute path, which names a drive as well where there are drives.
fn absolute(path: &str) -> String {
    std::path::absolute(path).unwrap().to_str().unwrap().to_owned()
}

#[test]
fn several_files_have_digests_of_their_own() {
    let (a, b) = ("0a".repeat(32), "0B".repeat(32));
    let [python, library] = ["/usr/bin/python3", "/lib/y.py"].map(absolute);
    let keys = json!({"Name": "p", "Exec": [python, "x.py"], "Sha256": {"x.py": a, &library: b}});
    let pconf = parse(&keys.to_string()).unwrap();
    assert_eq!(pconf.sha256(), None);
    let b = b.to_lowercase();
    let expected = [(library.into(), &*b), (Path::new("/p").join("x.py"), &*a)];
    assert_eq!(pconf.digests(Path::new("/p")), expected);
    assert_eq!(parse(&pconf.to_json()).unwrap(), pconf);

    let files = [("x.py".to_owned(), a.clone()), (python.clone(), b.clone())];
    let pconf = pconf.with_sha256_of_files(files).unwrap();
    assert_eq!(pconf.sha256(), Some(&*b));
    let pconf = pconf.with_sha256(&a).unwrap();
    assert_eq!(pconf.digests(Path::new("/p")), [(python.into(), &*a)]);
}

#[test]
fn a_digest_that_is_none_is_refused_with_its_file() {
    let with = |value: &str| reason(&format!(r#"{{"Name":"a","Exec":["a"],"Sha256":{value}}}"#));
    assert!(with(r#"{"x.py":"abc"}"#).starts_with(r#"Sha256: the digest of "x.py" is not 64"#));
    assert!(with(r#"{"":"abc"}"#).starts_with(r#"Sha256: "" cannot be a file"#));
    let twice = format!(r#"{{"x":"{0}","x":"{0}"}}"#, "0a".repeat(32));
    assert!(with(&twice).starts_with(r#"Sha256: "x" is given twice"#));
    assert!(with("[]").contains("an object with files"), "{}", with("[]"));
}

#[test]
fn a_fault_names_its_line() {
    let text = "{\n  \"Name\": \"a\",\n\t\"exec\" :\n  \"./a\"\n}";
    let expected = r#"Exec: invalid type: string "./a", expected a list of strings, such as ["./plugin", "--verbose"] (line 3)"#;
    assert_eq!(reason(text), expected);
    let protocol = reason(r#"{"Name":"a","Exec":["a"],"Protocol":"2"}"#);
    assert!(protocol.ends_with(r#"string "2", expected a whole number (line 1)"#), "{protocol}");
    let comma = reason("{\n  \"Name\": \"a\",\n}");
    assert!(comma.ends_with("trailing comma at line 3 column 1"), "{comma}");
}

#[test]
fn a_byte_order_mark_is_no_fault_but_another_encoding_is() {
    assert!(Pconf::parse(b"\xEF\xBB\xBF{\"Name\":\"a\",\"Sock\":\"s\"}").is_ok());
    let fault = Pconf::parse(b"\xFF\xFE{\0}\0").unwrap_err().to_string();
    assert!(fault.contains("save it as UTF-8"), "{fault}");
}

#[test]
fn a_misspelled_key_is_named() {
    let text = r#"{"Name":"a","Executable":["a"]}"#;
    assert!(
        reason(text).ends_with(r#"("Executable" is not known; is it Exec?)"#),
        "{}",
        reason(text)
    );
    let text = r#"{"Nam":"a","Exec":["a"]}"#;
    assert_eq!(reason(text), r#"Name: is missing ("Nam" is not known; is it Name?)"#);
    let text = r#"{"Name":"a","Exec":["a"],"LazyLaod":true,"Name_Space":"b","Execs":[],"Note":1}"#;
    let pconf = parse(text).unwrap();
    let misspelled: Vec<_> = pconf.misspelled_keys().collect();
    assert_eq!(misspelled, [("LazyLaod", "LazyLoad"), ("Name_Space", "NameSpace")]);
}

#[test]
fn a_file_with_a_url_of_a_network_needs_neither_a_socket_nor_a_program() {
    let pconf = Pconf::parse(br#"{"Name":"a","Url":"https://a.example:7443/b"}"#).unwrap();
    assert_eq!(pconf.remote().unwrap().to_string(), "https://a.example:7443/b");
    assert_eq!((pconf.protocol(), pconf.sock_path(Path::new("/"))), (2, None));
    let again = Pconf::parse(pconf.to_json().as_bytes()).unwrap();
    assert_eq!(again, pconf);
    let alias = pconf.with_alias(PluginId::new("b", "").unwrap());
    assert_eq!(alias.remote().unwrap().port(), 7443);
    // With a socket or a program it is an identifier, as ever.
    for way in [r#""Sock":"s""#, r#""Exec":["x"]"#] {
        let text = format!(r#"{{"Name":"a","Url":"https://a.example",{way}}}"#);
        assert_eq!(Pconf::parse(text.as_bytes()).unwrap().remote(), None);
    }
}

#[test]
fn a_url_of_a_network_that_leads_nowhere_is_refused() {
    let with = |more: &str| reason(&format!(r#"{{"Name":"a",{more}}}"#));
    assert!(with(r#""Url":"https://a:0""#).starts_with("Url: "));
    assert!(with(r#""Url":"http://a/b?c=d""#).starts_with("Url: its path is not"));
    let text = with(r#""Url":"https://me:hunter2@a""#);
    assert!(text.starts_with("Url: it holds a user's name") && !text.contains("hunter2"), "{text}");
    let text = with(r#""Url":"https://a","Protocol":1"#);
    assert_eq!(text, "Protocol: is 1, and the original GoPlug serves no network");
}
