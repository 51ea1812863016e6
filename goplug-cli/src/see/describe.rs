//! `goplug describe`: what a plugin offers.

use std::fmt::Write;
use std::fs;

use goplug::protocol::Descriptor;

use crate::arguments::Describe;
use crate::failure::{Failure, Outcome, Status};
use crate::opened::{Opened, says_types};
use crate::output::Output;

pub(crate) async fn describe(options: &Describe, output: &Output) -> Outcome<Status> {
    if options.pconf {
        output.text(&Opened::with(&options.subject, output, pconf).await?)?;
        return Ok(Status::Success);
    }
    let descriptor = Opened::with(&options.subject, output, Opened::descriptor).await?;
    if options.openapi {
        output.document(&goplug::openapi(&descriptor))?;
    } else if output.is_json() {
        output.document(&descriptor)?;
    } else {
        output.text(&text(&descriptor, output))?;
    }
    Ok(Status::Success)
}

/// The text of the plugin's file.
async fn pconf(opened: &Opened) -> Outcome<String> {
    let path = opened.pconf().ok_or_else(|| Failure::unreachable("it has no .pconf file"))?;
    Ok(fs::read_to_string(path)?)
}

/// A page about the plugin.
fn text(descriptor: &Descriptor, output: &Output) -> String {
    let mut page = Page { text: String::new(), output };
    page.title(descriptor);
    page.section(
        "Methods",
        descriptor.methods.iter().map(|method| {
            let marks = [(method.optional, "optional"), (method.idempotent, "idempotent")];
            let marks = marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark);
            let signature = match says_types(method) {
                true => method.signature(),
                false => method.name.clone(),
            };
            (signature, marks.collect(), method.doc.as_str())
        }),
    );
    page.section(
        "Callbacks",
        descriptor
            .callbacks
            .iter()
            .map(|callback| (callback.signature(), Vec::new(), callback.doc.as_str())),
    );
    for (title, services) in [("Needs", &descriptor.needs), ("Wants", &descriptor.wants)] {
        page.section(
            title,
            services.iter().map(|service| {
                let methods: Vec<_> = service.methods.iter().map(|method| &*method.name).collect();
                (format!("{}: {}", service.name, methods.join(", ")), Vec::new(), "")
            }),
        );
    }
    page.section(
        "Permissions",
        descriptor.permissions.iter().map(|asked| (asked.to_string(), Vec::new(), "")),
    );
    page.section(
        "Configuration",
        descriptor
            .configuration
            .iter()
            .map(|configuration| (configuration.spelling.clone(), Vec::new(), "")),
    );
    page.text
}

struct Page<'a> {
    text: String,
    output: &'a Output,
}

impl Page<'_> {
    fn title(&mut self, descriptor: &Descriptor) {
        let name = match &*descriptor.namespace {
            "" => descriptor.name.clone(),
            namespace => format!("{namespace}.{}", descriptor.name),
        };
        let version = descriptor.version.as_deref().unwrap_or("without a version");
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{} {version}", self.output.bold(&name));
    }

    /// Members with their marks and documentation; nothing without members.
    fn section<'m>(
        &mut self,
        title: &str,
        members: impl Iterator<Item = (String, Vec<&'static str>, &'m str)>,
    ) {
        for (index, (signature, marks, doc)) in members.enumerate() {
            if index == 0 {
                let _ = write!(self.text, "\n{}\n", self.output.bold(title));
            }
            let marks = match marks.is_empty() {
                true => String::new(),
                false => format!("  [{}]", marks.join(", ")),
            };
            let _ = writeln!(self.text, "  {signature}{marks}");
            for line in doc.lines() {
                let _ = writeln!(self.text, "      {line}");
            }
        }
    }
}
