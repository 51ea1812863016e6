//! The plugin that the tests start, with the entries that the macros would generate.

use std::io::Write;
use std::process::ExitCode;

use goplug_runtime::inventory;
use goplug_runtime::plugin::program::{self, Options};
use goplug_runtime::typed::{
    Call, Entry, Item, MethodSpec, ParamSpec, PluginType, PluginValue, Reply, ReplyFuture,
    TypeSchema,
};

pub(crate) fn main() -> ExitCode {
    program::main::<Sleeper>(Options::default())
}

struct Sleeper;

impl PluginType for Sleeper {
    const NAME: &'static str = "Sleeper";
    const NAMESPACE: &'static str = "Test";
    const VERSION: &'static str = "0.1.0";
    const URL: Option<&'static str> = None;
    const LAZY_LOAD: bool = false;
    fn create() -> Option<Self> {
        Some(Self)
    }
}

static ECHO: MethodSpec = MethodSpec {
    name: "echo",
    params: &[ParamSpec { name: "text", ty: "String", schema: TypeSchema::OPAQUE }],
    returns: "String",
    idempotent: true,
    ..MethodSpec::EMPTY
};
static BLOCK: MethodSpec = MethodSpec { name: "block", ..MethodSpec::EMPTY };

fn echo(_: PluginValue, call: Call) -> ReplyFuture {
    Box::pin(async move {
        let (text,): (String,) = call.arguments(&ECHO)?;
        Reply::json(&text)
    })
}

fn block(_: PluginValue, _: Call) -> ReplyFuture {
    Box::pin(async move {
        let _ = writeln!(std::io::stderr(), "blocking");
        loop {
            std::thread::park();
        }
    })
}

inventory::submit!(Entry::new::<Sleeper>(Item::Method(&ECHO, echo)));
inventory::submit!(Entry::new::<Sleeper>(Item::Method(&BLOCK, block)));
