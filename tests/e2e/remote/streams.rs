//! Streams, callbacks and services of a plugin that serves a network.

use goplug::CallError;
use goplug_tests::fixtures::streams::iter;

use super::gateway::Own;
use super::{BOTH, ONE, Served, client, host};
use crate::test_env::{run_test, soon, until};

#[test]
fn results_and_arguments_that_are_streams_travel_in_each_version_of_http() {
    run_test(async |env| {
        for protocols in [BOTH, ONE] {
            let (_served, remote) = Served::with_tls(env, protocols).await;
            let (registry, calculator) = client(host(env, remote)).await;
            let mut numbers = calculator.count(10_000).await.unwrap();
            let mut expected = 0;
            while let Some(number) = numbers.next().await {
                assert_eq!(number.unwrap(), expected);
                expected += 1;
            }
            assert_eq!(expected, 10_000);
            assert_eq!(calculator.total(2, iter(1..=1000)).await.unwrap(), 1_001_000);
            assert_eq!(calculator.first(2, iter(1..)).await.unwrap(), 3);
            let mut chunks = calculator.chunks(5, 100_000).await.unwrap();
            let mut bytes = 0;
            while let Some(chunk) = chunks.next().await {
                bytes += chunk.unwrap().len();
            }
            assert_eq!(bytes, 500_000);
            let Err(error) = calculator.count_and_fail(0).await else { panic!("no error") };
            assert!(matches!(&error, CallError::Method(text) if text == "no numbers"), "{error}");
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn a_stream_that_is_dropped_ends_its_method() {
    run_test(async |env| {
        for protocols in [BOTH, ONE] {
            let (_served, remote) = Served::with_tls(env, protocols).await;
            let (registry, calculator) = client(host(env, remote)).await;
            let done = env.path("done");
            let mut lines = calculator.count_for_ever(done.clone()).await.unwrap();
            assert!(lines.next().await.is_some());
            drop(lines);
            until("nobody makes lines any more", || done.exists()).await;
            std::fs::remove_file(&done).unwrap();
            assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn a_stream_that_is_cut_off_ends_in_an_error() {
    run_test(async |env| {
        for protocols in [BOTH, ONE] {
            let (served, remote) = Served::with_tls(env, protocols).await;
            let (registry, calculator) = client(host(env, remote)).await;
            served.gateway.answer("chunks", Own::CutOff);
            // What a proxy cuts off may not have left it at all.
            let error = match calculator.chunks(5, 10).await {
                Ok(mut chunks) => loop {
                    let chunk = soon("the end", chunks.next()).await;
                    if let Err(error) = chunk.expect("an error is the end") {
                        break error.to_string();
                    }
                },
                Err(error) => error.to_string(),
            };
            assert!(error.contains("the answer was cut off"), "{error}");
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn callbacks_and_their_answers_travel_in_each_version_of_http() {
    run_test(async |env| {
        for protocols in [BOTH, ONE] {
            let (_served, remote) = Served::with_tls(env, protocols).await;
            let (registry, calculator) = client(host(env, remote)).await;
            let mut ticks = calculator.tick_stream().await.unwrap();
            let _choosing =
                calculator.on_choose(async |from: Vec<i64>| from.into_iter().max().unwrap()).await;
            calculator.burst(100, None).await.unwrap();
            for n in 0..100 {
                assert_eq!(soon("a callback", ticks.next()).await, Some(n));
            }
            assert_eq!(calculator.twice_the_chosen(vec![3, 9, 4]).await.unwrap(), 18);
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn replies_go_to_the_instance_that_asked_by_the_cookie_of_the_balancer() {
    run_test(async |env| {
        let (served, remote) = Served::with_tls(env, BOTH).await;
        let (registry, calculator) = client(host(env, remote)).await;
        served.gateway.set_cookie("instance=seven; Path=/; HttpOnly");
        let _choosing = calculator.on_choose(async |from: Vec<i64>| from[0]).await.unwrap();
        assert_eq!(calculator.twice_the_chosen(vec![3]).await.unwrap(), 6);
        let replies = served.gateway.seen_below("/CallbackReply/");
        assert!(!replies.is_empty());
        assert!(replies.iter().all(|reply| reply.headers["cookie"] == "instance=seven"));
        // A call that no reply depends on goes to any instance.
        assert!(served.gateway.seen("/twice_the_chosen")[0].headers.get("cookie").is_none());
        registry.stop().await.unwrap();
    });
}
