//! Bytes beside other arguments and results, as clients send them and as `curl` does.

use std::fs;

use bytes::Bytes;
use goplug::{CallError, Error, PluginServer};
use goplug_tests::fixtures::calculator::CalculatorBlockingClient;

use crate::curl;
use crate::test_env::run_test;

/// More than both ends copy.
fn large() -> Bytes {
    (0..300_000_u32).map(|n| (n % 251) as u8).collect()
}

#[test]
fn bytes_travel_beside_other_arguments_and_results() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        for bytes in [Bytes::new(), Bytes::from_static(b"\r\n--"), large()] {
            let expected = (3 * bytes.len() as u64, bytes.clone());
            assert_eq!(calculator.weigh(3, bytes.clone(), None).await.unwrap(), expected);
            let mask = Some(bytes.to_vec());
            let expected = (2 * bytes.len() as u64, bytes.clone());
            assert_eq!(calculator.weigh(1, bytes, mask).await.unwrap(), expected);
        }
        let (left_out, bytes) = calculator.cut(&large(), 100_000).await.unwrap();
        assert_eq!((left_out, bytes), (200_000, large()[..100_000].to_vec()));
        let error = calculator.cut(b"abc", 4).await.unwrap_err();
        assert!(matches!(error, CallError::Method(text) if text == "there are fewer bytes"));
    });
}

#[test]
fn a_blocking_client_sends_and_receives_parts() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let plugin = calculator.plugin().clone();
        tokio::task::spawn_blocking(move || {
            let calculator: CalculatorBlockingClient =
                goplug::blocking::Plugin::from(plugin).client().unwrap();
            let answer = calculator.weigh(2, large(), None).unwrap();
            assert_eq!(answer, (600_000, large()));
        })
        .await
        .unwrap();
    });
}

#[test]
fn calls_with_small_and_large_parts_share_connections() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        for _ in 0..20 {
            let (small, sum, large) = tokio::join!(
                calculator.weigh(2, Bytes::from_static(b"small"), None),
                calculator.add(2, 3),
                calculator.weigh(2, large(), None),
            );
            assert_eq!((small.unwrap().0, sum.unwrap(), large.unwrap().0), (10, 5, 600_000));
        }
    });
}

#[test]
fn a_caller_that_knows_no_parts_sends_and_gets_numbers() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let plugin = calculator.plugin();
        let answer = plugin.execute("weigh", r#"{"factor":3,"bytes":[1,255]}"#).await.unwrap();
        assert_eq!(answer, "[6,[1,255]]");
        let answer = plugin.execute("cut", "[[1,2,3],1]").await.unwrap();
        assert_eq!(answer, "[2,[1]]");
        let error = plugin.execute("weigh", r#"{"factor":3}"#).await.unwrap_err();
        let Error::Arguments { parameter, expected, .. } = &error else { panic!("{error:?}") };
        assert_eq!((parameter.as_deref(), expected.as_deref()), (Some("bytes"), Some("Bytes")));
    });
}

#[test]
fn the_descriptor_says_that_the_plugin_reads_parts() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let descriptor = calculator.plugin().descriptor().unwrap();
        assert!(descriptor.features.iter().any(|feature| feature == "parts"), "{descriptor:?}");
    });
}

/// A contract whose plugin knows no parts.
#[allow(dead_code, reason = "only its clients are used here")]
#[goplug::plugin]
trait Scales {
    #[goplug::method]
    async fn weigh(&self, factor: u64, bytes: Bytes, mask: Option<Bytes>) -> (u64, Bytes);
}

#[test]
fn a_plugin_that_knows_no_parts_gets_and_sends_numbers() {
    run_test(async |env| {
        let server = PluginServer::builder("Scales")
            .location(env.folder())
            .method("weigh", |body: Bytes| async move {
                assert_eq!(body, r#"{"factor":2,"bytes":[1,255]}"#);
                anyhow::Ok(Bytes::from_static(b"[4,[1,255]]"))
            })
            .build()
            .unwrap();
        server.start().await.unwrap();
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.load("Scales", "").await.unwrap();
        let scales = plugin.client::<ScalesClient>().unwrap();
        let bytes = Bytes::from_static(b"\x01\xff");
        assert_eq!(scales.weigh(2, bytes.clone(), None).await.unwrap(), (4, bytes));
        registry.stop().await.unwrap();
        server.stop().await.unwrap();
    });
}

#[test]
fn curl_sends_a_file_beside_other_arguments() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let weigh = async |form: &[&str]| {
            curl::call(calculator.plugin(), "weigh", form).await.map(|printed| printed.text)
        };
        let file = env.path("bytes");
        fs::write(&file, large()).unwrap();
        let form = format!("bytes=@{}", file.display());
        let factor = r#"arguments={"factor":2,"x":"ignored"}"#;
        let Some(answer) = weigh(&["-F", factor, "-F", &form]).await else { return };
        assert!(answer.starts_with("[600000,[0,1,2,3,"), "{answer:.99}");
        let accepts = ["-H", "Accept: multipart/form-data"];
        let small = ["-F", factor, "-F", "bytes=abc", "-F", "unknown=?"];
        let answer = weigh(&[&accepts[..], &small].concat()).await.unwrap();
        let lines: Vec<_> = answer.split("\r\n").collect();
        assert!(lines.contains(&"6") && lines.contains(&"abc"), "{answer}");
        let answer = weigh(&["-F", "bytes=abc"]).await.unwrap();
        assert!(answer.contains("invalid-arguments") && answer.contains("factor"), "{answer}");
    });
}
