//! A plugin in this process behaves as one with a process does: each comparison runs the same code on
//! both.

use std::fmt::Debug;
use std::sync::mpsc;
use std::time::Duration;

use goplug::testing::{Host, InProcess};
use goplug::{Bytes, CallContext, CallError, Caller, Error, ResultStream};
use goplug_tests::fixtures::calculator::{
    Calculator, CalculatorBlockingClient, CalculatorClient, DivideError, Setup,
};
use goplug_tests::fixtures::greeter::{GreetError, Greeter};
use goplug_tests::fixtures::intake::{Intake, IntakeBlockingClient, IntakeClient};
use goplug_tests::fixtures::report::{Report, ReportClient, divide, greeting, texts};
use tokio::sync::mpsc::unbounded_channel;

use crate::incoming::{Iter, fed};
use crate::services::Pool;
use crate::streams::all;
use crate::test_env::{CALCULATOR, POLITE, REPORT, TestEnv, run_test, soon, until_asked};

pub(crate) type Local = CalculatorClient<InProcess<Calculator>>;

pub(crate) fn local() -> (InProcess<Calculator>, Local) {
    let plugin = InProcess::new(Calculator::default());
    let client = plugin.client().unwrap();
    (plugin, client)
}

/// A result with its error as it is shown and as it is told apart.
fn shown<T: Debug, E: Debug + std::fmt::Display>(result: Result<T, E>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{error}\n{error:?}"),
    }
}

/// What each kind of call ends in.
async fn calls<C: Caller>(calculator: &CalculatorClient<C>) -> Vec<String> {
    let bytes = || Bytes::from_static(b"bytes");
    // A machine that is busy answers within it nevertheless.
    let brief = Duration::from_secs(1);
    let quick = CalculatorClient::new(calculator.plugin().clone()).unwrap().with_timeout(brief);
    vec![
        shown(calculator.add(2, 3).await),
        shown(calculator.divide(7, 2).await),
        shown(calculator.divide(7, 0).await),
        shown(calculator.parse("12").await),
        shown(calculator.parse("xii").await),
        shown(calculator.join(&["a".into(), "b".into()], ", ", Some("()".into())).await),
        shown(calculator.echo(bytes()).await),
        shown(calculator.zeros(b"3").await),
        shown(calculator.zeros(b"x").await),
        shown(calculator.weigh(2, bytes(), None).await),
        shown(calculator.weigh(2, bytes(), Some(vec![7])).await),
        shown(calculator.cut(b"bytes", 2).await),
        shown(calculator.cut(b"bytes", 9).await),
        shown(calculator.greeting().await),
        shown(calculator.notice("nobody listens").await),
        shown(calculator.twice_the_chosen(vec![1]).await),
        shown(quick.wait_for(Some("/no such file".into())).await),
        shown(quick.add(1, 1).await),
    ]
}

/// What streams of each kind end in.
async fn streams<C: Caller>(calculator: &CalculatorClient<C>) -> Vec<String> {
    async fn read<T: Debug, E: Debug + std::fmt::Display>(stream: ResultStream<T, E>) -> String {
        let (items, error) = all(stream).await;
        format!("{items:?} {}", shown(error.map_or(Ok(()), Err)))
    }
    let chunks = all(calculator.chunks(40, 5_000).await.unwrap()).await;
    vec![
        read(calculator.count(3_000).await.unwrap()).await,
        read(calculator.count(0).await.unwrap()).await,
        read(calculator.count_and_fail(2).await.unwrap()).await,
        shown(calculator.count_and_fail(0).await.map(drop)),
        format!("{:?} {:?}", chunks.0.concat(), chunks.1.map(|error| error.to_string())),
    ]
}

/// What handlers of callbacks hear, and what their answers become.
async fn callbacks<C: Caller>(calculator: &CalculatorClient<C>) -> Vec<String> {
    let (heard, mut hear) = unbounded_channel();
    let (of_ticks, of_chunks) = (heard.clone(), heard);
    let ticks = calculator.on_tick(move |number| {
        let _ = of_ticks.send(format!("tick {number}"));
        async {}
    });
    let ticks = ticks.await.unwrap();
    let chunks = calculator.on_chunk(move |bytes| {
        let _ = of_chunks.send(format!("chunk {bytes:?}"));
        async {}
    });
    let _chunks = chunks.await.unwrap();
    let mut stream = calculator.noticed_stream().await.unwrap();
    let chosen = calculator.on_choose(|from| async move {
        assert!(!from.is_empty(), "nothing to choose from");
        from[from.len() - 1]
    });
    let _chosen = chosen.await.unwrap();
    calculator.burst(3, None).await.unwrap();
    calculator.send_chunk(vec![1, 2]).await.unwrap();
    calculator.notice("noon").await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(soon("a callback", hear.recv()).await.unwrap());
    }
    seen.push(format!("{:?}", soon("the notice", stream.next()).await.unwrap()));
    seen.push(shown(calculator.twice_the_chosen(vec![4, 5]).await));
    let panicked = calculator.twice_the_chosen(vec![]).await.unwrap_err().to_string();
    seen.push(panicked.split(" (at").next().unwrap().to_owned());
    seen.push(shown(calculator.twice_the_chosen(vec![6]).await));
    drop(ticks);
    // A registration ends without a wait.
    let is_gone = async || calculator.burst(1, None).await.is_err();
    until_asked("the end of the registration", is_gone).await;
    seen.push(shown(calculator.burst(1, None).await));
    seen
}

#[test]
fn calls_streams_and_callbacks_are_those_of_a_process() {
    run_test(async |env| {
        let (_registry, remote) = env.calculator().await;
        let (_plugin, local) = local();
        assert_eq!(calls(&local).await, calls(&remote).await);
        assert_eq!(streams(&local).await, streams(&remote).await);
        assert_eq!(callbacks(&local).await, callbacks(&remote).await);
    });
}

#[test]
fn a_panic_is_that_of_a_process_with_its_place() {
    run_test(async |env| {
        let (_registry, remote) = env.calculator().await;
        let (_plugin, local) = local();
        let expected = remote.panic("oh").await.unwrap_err().to_string();
        assert!(expected.starts_with("the handler of \"panic\" panicked: oh (at "), "{expected}");
        assert_eq!(local.panic("oh").await.unwrap_err().to_string(), expected);
        assert_eq!(local.add(1, 2).await.unwrap(), 3);
    });
}

/// The setups that fail, and what their callers are told.
async fn failures(env: &TestEnv, setup: &Setup) -> (String, String) {
    env.install_calculator();
    let registry = env.registry().configure("Calculator", "math", setup).start().await.unwrap();
    let expected = registry.load("Calculator", "math").await.unwrap_err();
    registry.stop().await.unwrap();
    let error = InProcess::<Calculator>::unloaded().load(setup).await.unwrap_err();
    (error.to_string(), expected.to_string())
}

#[test]
fn an_activation_that_fails_is_the_error_of_a_load() {
    run_test(async |env| {
        let setup = Setup { refuse: Some("no disk".into()), ..Setup::default() };
        let (error, expected) = failures(env, &setup).await;
        assert_eq!(error, expected);
        assert!(error.contains("no disk: the cause of it"), "{error}");
    });
}

#[test]
fn a_load_activates_with_a_configuration_and_an_unload_runs_the_stop_hook() {
    run_test(async |env| {
        let plugin = InProcess::<Calculator>::unloaded();
        let calculator: Local = plugin.client().unwrap();
        let error = calculator.add(1, 2).await.unwrap_err().to_string();
        assert_eq!(error, "math.Calculator is not available: it is not loaded");
        let _chosen = calculator.on_choose(|from| async move { from[0] }).await.unwrap();
        let stopped = env.path("stopped");
        let setup =
            Setup { ask: Some(vec![7]), stopped: Some(stopped.clone()), ..Setup::default() };
        plugin.load(&setup).await.unwrap();
        assert_eq!(calculator.greeting().await.unwrap(), Some("7".into()));
        plugin.unload().await.unwrap();
        assert!(stopped.exists());
        assert!(matches!(calculator.add(1, 2).await, Err(Error::Unavailable { .. })));
        plugin.load(&()).await.unwrap();
        assert_eq!(calculator.greeting().await.unwrap(), None);
    });
}

#[test]
fn dropping_a_call_or_a_stream_drops_the_method() {
    run_test(async |env| {
        let (_plugin, calculator) = local();
        let (begun, dropped) = (env.path("begun"), env.path("dropped"));
        let call = calculator.sleep(60_000, begun.clone(), dropped.clone());
        let call = tokio::time::timeout(Duration::from_millis(1), call).await;
        assert!(call.is_err() && begun.exists() && dropped.exists());
        let done = env.path("done");
        let mut lines = calculator.count_for_ever(done.clone()).await.unwrap();
        assert_eq!(lines.next().await.unwrap().unwrap().len(), 1000);
        assert!(!done.exists());
        drop(lines);
        assert!(done.exists());
    });
}

#[test]
fn a_client_of_another_contract_is_refused() {
    use goplug_tests::fixtures::other_calculator::OtherCalculatorClient as Other;
    run_test(async |_| {
        let (plugin, _) = local();
        let error = plugin.client::<Other<InProcess<Calculator>>>().unwrap_err();
        assert!(matches!(error, Error::Contract { .. }), "{error}");
    });
}

#[test]
fn a_blocking_client_needs_no_runtime() {
    let plugin = InProcess::new(Calculator::default());
    let calculator: CalculatorBlockingClient<_> =
        CalculatorBlockingClient::new(plugin.clone()).unwrap();
    assert_eq!(calculator.add(2, 3).unwrap(), 5);
    let by_zero = calculator.divide(1, 0).unwrap_err();
    assert!(matches!(by_zero, CallError::Method(DivideError::ByZero { dividend: 1 })));
    let quick = CalculatorBlockingClient::new(plugin).unwrap();
    let quick = quick.with_timeout(Duration::from_millis(20));
    let late = quick.wait_for(Some("/no such file".into())).unwrap_err();
    assert!(matches!(late, Error::Deadline { .. }), "{late}");
    let items: Result<Vec<_>, _> = calculator.count(1_000).unwrap().collect();
    assert_eq!(items.unwrap(), (0..1_000).collect::<Vec<_>>());

    let (heard, hear) = mpsc::channel();
    let _ticks = calculator.on_tick(move |number| heard.send(number).unwrap()).unwrap();
    let _chosen = calculator.on_choose(|from| from[0]).unwrap();
    calculator.burst(2, None).unwrap();
    let wait = Duration::from_secs(20);
    assert_eq!([hear.recv_timeout(wait), hear.recv_timeout(wait)], [Ok(0), Ok(1)]);
    assert_eq!(calculator.twice_the_chosen(vec![4]).unwrap(), 8);
}

/// Calls its host from a task that outlives the call.
#[goplug::plugin]
pub(crate) struct Background;

#[goplug::callback(Background)]
async fn done(job: u32) -> goplug::Result<()>;

#[goplug::method(Background)]
fn begin(job: u32) {
    tokio::spawn(async move { done(job).await.unwrap() });
}

#[goplug::method(Background)]
fn time_left(call: &CallContext) -> Option<Duration> {
    call.remaining()
}

#[test]
fn a_method_can_ask_about_its_call() {
    run_test(async |_| {
        let time = Duration::from_secs(5);
        let background: BackgroundClient<_> = InProcess::new(Background).client().unwrap();
        let left = background.with_timeout(time).time_left().await.unwrap().unwrap();
        assert!(!left.is_zero() && left <= time, "{left:?}");
        let ask = async { time_left(&CallContext::current().unwrap()) };
        assert_eq!(Host::<Background>::new().run(ask).await, None);
    });
}

#[test]
fn a_task_that_a_plugin_spawns_finds_it_if_it_is_announced() {
    run_test(async |_| {
        let plugin = InProcess::new(Background);
        let background: BackgroundClient<_> = plugin.client().unwrap();
        let mut finished = background.done_stream().await.unwrap();
        plugin.announce();
        background.begin(7).await.unwrap();
        assert_eq!(soon("the callback", finished.next()).await, Some(7));
    });
}

#[test]
fn streams_of_arguments_arrive_as_they_do_in_a_process() {
    run_test(async |_| {
        let plugin = InProcess::new(Intake::default());
        let intake: IntakeClient<_> = plugin.client().unwrap();
        let (sender, numbers) = fed();
        let reading = intake.clone();
        let call = tokio::spawn(async move { reading.watched(numbers).await });
        for number in 1..=5 {
            sender.send(number).unwrap();
        }
        drop(sender);
        assert_eq!(soon("the sum", call).await.unwrap().unwrap(), 15);
        assert_eq!(intake.take(2, Iter(1..)).await.unwrap(), 3);
        assert_eq!(
            intake.digest("x", Iter([Bytes::from_static(b"ab")].into_iter())).await.unwrap().1,
            2
        );
        let (sender, numbers) = fed();
        let mut echo = intake.echo(numbers).await.unwrap();
        for number in 0..10 {
            sender.send(number).unwrap();
            assert_eq!(soon("the answer", echo.next()).await.unwrap().unwrap(), number);
        }
        drop(sender);
        assert!(soon("the end", echo.next()).await.is_none());
        let late = intake.clone().with_timeout(Duration::from_millis(50));
        let error = soon("the deadline", late.silent_after(Iter(0..3))).await.unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
    });
}

#[test]
fn blocking_clients_send_streams_to_a_plugin_in_this_process() {
    let plugin = InProcess::new(Intake::default());
    let intake: IntakeBlockingClient<_> = plugin.client().unwrap();
    assert_eq!(intake.watched(0..10_000).unwrap(), 49_995_000);
    assert_eq!(intake.iterated(2, 0..10).unwrap(), 90);
    let echo: Result<Vec<u64>, Error> = intake.echo(0..10_000).unwrap().collect();
    assert!(echo.unwrap().into_iter().eq(0..10_000));
}

/// What the plugin's code gets of the services.
async fn services<C: Caller>(report: &ReportClient<C>) -> Vec<String> {
    vec![
        shown(report.at_activation().await),
        shown(report.texts("pages").await),
        shown(report.texts("none").await),
    ]
}

#[test]
fn services_are_those_of_a_host() {
    run_test(async |env| {
        env.install_itself(REPORT);
        let registry = env.registry().provide(Pool::default()).start().await.unwrap();
        let remote: ReportClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        let plugin = InProcess::<Report>::unloaded().provide(Pool::default()).unwrap();
        plugin.load(&()).await.unwrap();
        let local: ReportClient<_> = plugin.client().unwrap();
        assert_eq!(services(&local).await, services(&remote).await);

        let host = Host::<Report>::new().provide(Pool::default()).unwrap();
        assert_eq!(host.run(texts("pages")).await.unwrap(), ["page 1", "page 2", "page 3"]);
        let error = InProcess::<Report>::unloaded().load(&()).await.unwrap_err();
        assert!(
            matches!(&error, Error::NotProvided { service, .. } if service == "Database"),
            "{error}"
        );
    });
}

/// Fulfils the contract of the greeters as the program does.
#[derive(Default)]
struct Double;

#[goplug::plugin(namespace = "tests")]
impl Greeter for Double {
    async fn greet(&self, name: &str) -> Result<String, GreetError> {
        match name {
            "" => Err(GreetError::Nobody),
            name => Ok(format!("Good day, {name}.")),
        }
    }
}

/// What the plugin's code gets of other plugins, of which each has streams or callbacks as well.
async fn other_plugins<C: Caller>(report: &ReportClient<C>) -> Vec<String> {
    vec![
        shown(report.greeting("Ada").await),
        shown(report.greeting("").await),
        shown(report.divide(7, 2).await),
        shown(report.divide(7, 0).await),
        shown(report.streamed().await),
    ]
}

#[test]
fn other_plugins_are_those_that_a_policy_names() {
    run_test(async |env| {
        for program in [REPORT, POLITE, CALCULATOR] {
            env.install_itself(program);
        }
        let granting =
            env.registry().provide(Pool::default()).plugin("Report", "tests", |policy| {
                policy.may_call("greeters.Polite").may_call("math.Calculator")
            });
        let registry = granting.start().await.unwrap();
        let remote: ReportClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        registry.load("Polite", "greeters").await.unwrap();
        registry.load("Calculator", "math").await.unwrap();
        let expected = other_plugins(&remote).await;
        assert!(expected[4].contains("no streams"), "{expected:?}");

        let plugin = InProcess::new(Report).may_call(Double).unwrap();
        let plugin = plugin.may_call(Calculator::default()).unwrap();
        assert_eq!(other_plugins(&plugin.client().unwrap()).await, expected);
        let host = Host::<Report>::new().may_call(Calculator::default()).unwrap();
        assert_eq!(host.run(divide(7, 2)).await, Ok(Ok(3)));
        let error = host.run(greeting("Ada")).await.unwrap_err();
        assert!(error.contains("may_call"), "{error}");
    });
}
