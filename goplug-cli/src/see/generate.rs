//! `goplug generate FORM TARGET`: a descriptor in another form.

use goplug::protocol::Descriptor;
use goplug_codegen::Generator;
use serde_json::json;

use crate::arguments::{Form, Generate};
use crate::failure::{Failure, Outcome, Status};
use crate::opened::Opened;
use crate::output::Output;

pub(crate) async fn generate(options: &Generate, output: &Output) -> Outcome<Status> {
    let descriptor = Opened::with(&options.subject, output, Opened::descriptor).await?;
    match options.form {
        Form::Rust => output.text(&rust(&descriptor)?)?,
        Form::Openapi => output.document(&goplug::openapi(&descriptor))?,
        Form::Schema => output.document(&json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": descriptor.definitions,
        }))?,
    }
    Ok(Status::Success)
}

fn rust(descriptor: &Descriptor) -> Outcome<String> {
    let failed = |error: String| Failure::new(Status::Contract, error);
    let text = serde_json::to_string(descriptor).map_err(|error| failed(error.to_string()))?;
    Generator::new().generate(&text).map_err(|error| failed(error.to_string()))
}
