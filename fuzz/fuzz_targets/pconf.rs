//! A `.pconf` that can be read follows the rules, and reads the same after it is rewritten.

#![no_main]

use std::path::Path;

use goplug_runtime::protocol::{Pconf, PluginId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(pconf) = Pconf::parse(text) else { return };
    let rewritten = pconf.to_json();
    let read = Pconf::parse(rewritten.as_bytes()).expect("what is written can be read");
    assert_eq!(read, pconf);
    assert_eq!(read.to_json(), rewritten);

    let folder = Path::new("/plugins");
    let id = pconf.id();
    assert_eq!(PluginId::read(id.name(), id.namespace()).as_ref(), Ok(id));
    assert_eq!(Path::new(&pconf.file_name()).components().count(), 1);
    assert!(pconf.sock_path(folder).is_some() || pconf.exec().is_some());
    assert!(pconf.protocol() > 0);
    assert!(pconf.url().contains("://"));
    if let Some(program) = pconf.exec().and_then(|argv| argv.first()) {
        let inside = !Path::new(program).components().any(|c| c.as_os_str() == "..");
        assert!(inside || Path::new(program).is_absolute());
    }
    if let Some(digest) = pconf.sha256() {
        assert!(digest.len() == 64 && digest.bytes().all(|b| b"0123456789abcdef".contains(&b)));
    }
});
