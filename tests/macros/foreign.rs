//! A contract with another language's names and spellings.

use goplug::protocol::Descriptor;
use goplug::{Bytes, CallRequest, CallbackHandler, Caller, Client, Result, Subscription};

#[allow(dead_code, reason = "no plugin in Rust fulfils it")]
#[goplug::plugin]
trait Report {
    #[goplug::method(name = "make-report", returns = "dict")]
    async fn make_report(
        &self,
        #[goplug(spelling = "str")] title: &str,
        #[goplug(name = "dryRun", spelling = "bool | None")] dry_run: Option<bool>,
    ) -> String;

    #[goplug::callback(returns = "int")]
    async fn asked(&self, #[goplug(name = "a question")] question: &str) -> goplug::Result<u8>;
}

#[derive(Clone)]
struct Wire;

impl Caller for Wire {
    async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        assert_eq!(request.method, "make-report");
        Ok(serde_json::to_vec(std::str::from_utf8(&request.body).unwrap()).unwrap().into())
    }

    async fn subscribe(&self, _: &'static str, _: CallbackHandler) -> Result<Subscription> {
        Ok(Subscription::new(|| {}))
    }
}

#[tokio::test]
async fn parameters_travel_under_the_names_that_they_are_given() {
    let report = ReportClient::new(Wire).unwrap();
    let body = report.make_report("Tea", Some(true)).await.unwrap();
    assert_eq!(body, r#"{"title":"Tea","dryRun":true}"#);
}

#[test]
fn a_client_compares_the_spellings_that_it_is_given() {
    let theirs = |answer: &str| -> Descriptor {
        let text = format!(
            r#"{{"name":"Report",
                 "methods":[{{"name":"make-report","fingerprint":"{}"}}],
                 "callbacks":[{{"name":"asked","fingerprint":"{}"}}]}}"#,
            fingerprint("make-report(title: str, dryRun: bool | None) -> dict"),
            fingerprint(&format!("asked(a question: String) -> {answer}")),
        );
        serde_json::from_str(&text).unwrap()
    };
    let needs = ReportClient::<Wire>::expectation();
    assert_eq!(needs.differences(&theirs("int")), Vec::<String>::new());
    assert_eq!(needs.differences(&theirs("float")).len(), 1);
}

/// 64-bit FNV-1a, as the protocol has it.
fn fingerprint(signature: &str) -> String {
    let hash = signature.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}
