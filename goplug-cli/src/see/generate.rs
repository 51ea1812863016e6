//! `goplug generate FORM TARGET`: a descriptor in another form.

use goplug::protocol::Descriptor;
use goplug_codegen::{Error, Generator};
use serde_json::json;

use crate::arguments::{Form, Generate};
use crate::failure::{Failure, Outcome, Status};
use crate::opened::Opened;
use crate::output::Output;

pub(crate) async fn generate(options: &Generate, output: &Output) -> Outcome<Status> {
    let descriptor = Opened::with(&options.subject, output, Opened::descriptor).await?;
    match options.form {
        Form::Rust => output.text(&rust(&descriptor, options.values)?)?,
        Form::Openapi => output.document(&goplug::openapi(&descriptor))?,
        Form::Schema => output.document(&json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": descriptor.definitions,
        }))?,
    }
    Ok(Status::Success)
}

fn rust(descriptor: &Descriptor, values: bool) -> Outcome<String> {
    let failed = |error: String| Failure::new(Status::Contract, error);
    let text = serde_json::to_string(descriptor).map_err(|error| failed(error.to_string()))?;
    let generator = Generator::new().fallback_to_value(values);
    generator.generate(&text).map_err(|error| match &error {
        Error::Member { .. } => failed(format!("{error}; here, --values does so for all")),
        _ => failed(error.to_string()),
    })
}
