//! A plugin in this process behaves as one with a process does: each comparison runs the same code on
//! both.

use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use goplug::testing::{Fault, Host, InProcess};
use goplug::{Bytes, CallContext, CallError, Caller, Error, ResultStream};
use goplug_tests::fixtures::calculator::{
    Calculator, CalculatorBlockingClient, CalculatorClient, DivideError, Setup,
};
use goplug_tests::fixtures::counter::{Counter, CounterClient};
use goplug_tests::fixtures::intake::{Intake, IntakeBlockingClient, IntakeClient};
use goplug_tests::fixtures::report::{Report, ReportClient, texts};
use tokio::sync::mpsc::unbounded_channel;

use crate::incoming::{Iter, fed};
use crate::services::Pool;
use crate::streams::all;
use crate::test_env::{REPORT, TestEnv, kill, run_test, soon, until, until_asked};

type Local = CalculatorClient<InProcess<Calculator>>;

fn local() -> (InProcess<Calculator>, Local) {
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
    let brief = Duration::from_millis(50);
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
fn a_panic_is_that_of_a_process_without_its_place() {
    run_test(async |env| {
        let (_registry, remote) = env.calculator().await;
        let text = |error: Error| error.to_string().split(" (at").next().unwrap().to_owned();
        let (_plugin, local) = local();
        let expected = text(remote.panic("oh").await.unwrap_err());
        assert_eq!(expected, "the handler of \"panic\" panicked: oh");
        assert_eq!(text(local.panic("oh").await.unwrap_err()), expected);
        assert_eq!(local.add(1, 2).await.unwrap(), 3);
    });
}

/// The setups that fail, and what their callers are told.
async fn failures(env: &TestEnv, setup: &Setup) -> (String, String) {
    env.install_calculator();
    let registry = env.registry().configure("Calculator", "math", setup).start().await.unwrap();
    let expected = registry.load("Calculator", "math").await.unwrap_err();
    registry.stop().await;
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

/// The error of a call, or of a stream after two items, of a process that is killed meanwhile.
async fn killed(env: &TestEnv) -> (Error, Error) {
    let (registry, calculator) = env.calculator().await;
    let process = calculator.plugin().process_id().unwrap();
    let begun = env.path("begun");
    let call = calculator.wait_at(begun.clone(), env.path("never"));
    let (call, ()) = tokio::join!(call, async {
        until("the call has begun", || begun.exists()).await;
        kill(process);
    });
    let CallError::Goplug(of_call) = call.unwrap_err() else { panic!() };
    registry.load("Calculator", "math").await.unwrap();
    let mut lines = calculator.count_for_ever(env.path("done")).await.unwrap();
    lines.next().await.unwrap().unwrap();
    kill(calculator.plugin().process_id().unwrap());
    let (_, of_stream) = all(lines).await;
    (of_call, of_stream.unwrap())
}

#[test]
fn an_injected_crash_is_the_error_of_a_process_that_is_killed() {
    run_test(async |env| {
        let (of_call, of_stream) = killed(env).await;
        let (plugin, calculator) = local();
        plugin.inject("add", Fault::Crash).unwrap();
        plugin.inject("count", Fault::CrashAfter(2)).unwrap();
        assert_eq!(
            format!("{:?}", calculator.add(1, 2).await.unwrap_err()),
            format!("{of_call:?}")
        );
        let (items, error) = all(calculator.count(9).await.unwrap()).await;
        assert_eq!(items, [0, 1]);
        assert_eq!(format!("{:?}", error.unwrap()), format!("{of_stream:?}"));
        plugin.clear_fault("add");
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        let error = plugin.inject("no-such-method", Fault::Hang).unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }), "{error}");
    });
}

/// The errors of a call and of a stream that are not answered: the times are those of the caller.
async fn silence<C: Caller>(calculator: &CalculatorClient<C>, never: &Path) -> [String; 2] {
    let lines = calculator.wait_for(Some(never.into()));
    let error = lines.await.unwrap_err();
    let (items, silent) = all(calculator.count_slowly(1).await.unwrap()).await;
    assert_eq!(items, [0]);
    [error, silent.unwrap()].map(|error| error.to_string())
}

#[test]
fn an_injected_hang_is_the_error_of_a_process_that_does_not_answer() {
    run_test(async |env| {
        env.install_calculator();
        let brief = Duration::from_millis(300);
        let registry = env.registry().policy(|policy| policy.stream_idle(brief));
        let registry = registry.start().await.unwrap();
        let remote = env.load_calculator(&registry).await.with_timeout(brief);
        let expected = silence(&remote, &env.path("never")).await;

        let plugin = InProcess::new(Calculator::default()).with_stream_idle(brief);
        let local: Local = plugin.client().unwrap();
        let local = local.with_timeout(brief);
        assert_eq!(silence(&local, &env.path("never")).await, expected);
        plugin.inject("wait_for", Fault::Hang).unwrap();
        plugin.inject("count_slowly", Fault::HangAfter(1)).unwrap();
        let error = local.wait_for(None).await.unwrap_err().to_string();
        let (items, silent) = all(local.count_slowly(9).await.unwrap()).await;
        assert_eq!((items, [error, silent.unwrap().to_string()]), (vec![0], expected));
        plugin.inject("count", Fault::Hang).unwrap();
        assert!(matches!(local.count(1).await, Err(Error::Deadline { .. })));
    });
}

#[test]
fn an_injected_delay_comes_before_the_method() {
    run_test(async |_| {
        let (plugin, calculator) = local();
        let delay = Duration::from_millis(50);
        plugin.inject("add", Fault::Delay(delay)).unwrap();
        let before = Instant::now();
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        assert!(before.elapsed() >= delay);
        let late = calculator.with_timeout(Duration::from_millis(1)).add(1, 2).await;
        assert!(matches!(late, Err(Error::Deadline { .. })), "{late:?}");
    });
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
fn a_host_of_a_test_hears_what_a_plugin_calls_and_is_no_plugin() {
    run_test(async |_| {
        let host = Host::<Counter>::new();
        let client: CounterClient<_> = host.client().unwrap();
        let mut changes = client.changed_stream().await.unwrap();
        let counter = Counter::default();
        assert_eq!(host.run(counter.increment(2)).await.unwrap(), 2);
        assert_eq!(host.run(counter.increment(3)).await.unwrap(), 5);
        assert_eq!(host.heard("changed"), [r#"{"value":2}"#, r#"{"value":5}"#]);
        assert_eq!(soon("the change", changes.next()).await, Some(2));
        assert!(host.heard("increment").is_empty());
        let error = client.increment(1).await.unwrap_err().to_string();
        assert!(error.contains("demo.Counter is not available") && error.contains("InProcess"));
        let outside = counter.changed(1).await.unwrap_err();
        assert!(matches!(outside, Error::NoPlugin { .. }), "{outside}");
    });
}

#[test]
fn a_callback_that_returns_a_value_needs_an_answer() {
    run_test(async |_| {
        use goplug_tests::fixtures::calculator::twice_the_chosen;
        let host = Host::<Calculator>::new();
        let error = host.run(twice_the_chosen(vec![1])).await.unwrap_err();
        assert!(matches!(error, Error::NotRegistered { .. }), "{error}");
        assert_eq!(host.heard("choose"), [r#"{"from":[1]}"#]);
        let client: CalculatorClient<_> = host.client().unwrap();
        let _answer = client.on_choose(|from| async move { from[0] + 1 }).await.unwrap();
        assert_eq!(host.run(twice_the_chosen(vec![1])).await.unwrap(), 4);
    });
}

#[test]
fn a_registry_of_a_test_installs_programs_and_leaves_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = runtime.block_on(async {
        let registry =
            goplug::testing::registry().install(crate::test_env::CALCULATOR).with(|builder| {
                let setup = Setup { greeting: Some("hello".into()), ..Setup::default() };
                builder.configure("Calculator", "math", &setup)
            });
        let registry = registry.start().await.unwrap();
        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.greeting().await.unwrap(), Some("hello".into()));
        assert!(fs::exists(registry.folder().join("math.Calculator.pconf")).unwrap());
        registry.stop().await;
        registry.folder().to_owned()
    });
    assert!(!folder.exists());

    let registry = goplug::testing::registry().install(crate::test_env::CALCULATOR);
    let registry = registry.start_blocking().unwrap();
    let calculator: CalculatorBlockingClient = registry.client().unwrap();
    assert_eq!(calculator.add(2, 3).unwrap(), 5);
    registry.stop().unwrap();
    let folder = registry.folder().to_owned();
    drop(registry);
    assert!(!folder.exists());
}

#[test]
fn a_program_that_installs_no_plugin_is_named() {
    let error = goplug::testing::registry().install("/bin/false").start_blocking().unwrap_err();
    let Error::Rejected { path, reason } = error else { panic!("{error}") };
    assert_eq!(path, Path::new("/bin/false"));
    assert!(reason.contains("exit status: 1"), "{reason}");
    let error = goplug::testing::registry().install("/no/such/program").start_blocking();
    assert!(error.unwrap_err().to_string().starts_with("/no/such/program: "));
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
        env.note_runtime_folder(&registry);
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
