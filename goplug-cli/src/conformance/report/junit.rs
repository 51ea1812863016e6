//! JUnit's XML, as continuous integration reads it.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::super::side::{Tried, Verdict};

/// A document of all cases. Known failures are skipped.
pub(crate) fn junit(tried: &[Tried<'_>], stale: &[String]) -> io::Result<Vec<u8>> {
    let is_skipped = |tried: &&Tried<'_>| tried.verdict != Verdict::Passed && !tried.is_failure();
    let failures = tried.iter().filter(|tried| tried.is_failure()).count() + stale.len();
    let skipped = tried.iter().filter(is_skipped).count();
    let seconds: f64 = tried.iter().map(|tried| tried.took.as_secs_f64()).sum();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suite = writer
        .create_element("testsuite")
        .with_attribute(("name", "goplug conformance"))
        .with_attribute(("tests", (tried.len() + stale.len()).to_string().as_str()))
        .with_attribute(("failures", failures.to_string().as_str()))
        .with_attribute(("skipped", skipped.to_string().as_str()))
        .with_attribute(("time", format!("{seconds:.3}").as_str()));
    suite.write_inner_content(|writer| {
        for tried in tried {
            case(writer, tried)?;
        }
        for line in stale {
            let element = writer.create_element("testcase").with_attribute(("name", line.as_str()));
            element.write_inner_content(|writer| said(writer, "failure", line))?;
        }
        Ok(())
    })?;
    Ok(writer.into_inner())
}

fn case(writer: &mut Writer<Vec<u8>>, tried: &Tried<'_>) -> io::Result<()> {
    let element = writer
        .create_element("testcase")
        .with_attribute(("classname", tried.title.section.as_str()))
        .with_attribute(("name", tried.title.name.as_str()))
        .with_attribute(("time", format!("{:.3}", tried.took.as_secs_f64()).as_str()));
    match &tried.verdict {
        Verdict::Passed => element.write_empty().map(drop),
        Verdict::Failed(reason) if tried.is_failure() => {
            element.write_inner_content(|writer| said(writer, "failure", reason)).map(drop)
        }
        Verdict::Failed(reason) | Verdict::Skipped(reason) => {
            element.write_inner_content(|writer| said(writer, "skipped", reason)).map(drop)
        }
    }
}

/// An element with a message, without the control characters that XML cannot have.
fn said(writer: &mut Writer<Vec<u8>>, name: &str, message: &str) -> io::Result<()> {
    let message: String =
        message.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let element = writer.create_element(name).with_attribute(("message", message.as_str()));
    element.write_text_content(BytesText::new(&message)).map(drop)
}
