//! A plugin of the original GoPlug, as it was recorded.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

const RECORDING: &str = include_str!("../../goplug-runtime/tests/plugin/legacy/execute.cap");

/// A request line with its body, and the response.
struct Exchange {
    line: String,
    body: String,
    response: String,
}

/// Serves `Test.Do` in a folder until the process ends.
pub(super) fn serve(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let sock = folder.join("do.sock");
    let listener = UnixListener::bind(&sock).unwrap();
    let keys = json!({
        "Url": "unix://TestDo", "Sock": sock, "Name": "Do", "NameSpace": "Test", "LazyLoad": true,
    });
    std::fs::write(folder.join("Test.Do.pconf"), keys.to_string()).unwrap();
    let exchanges = Arc::new(exchanges());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let exchanges = exchanges.clone();
            std::thread::spawn(move || answer(&stream.unwrap(), &exchanges));
        }
    });
}

/// Answers the requests of a connection as the original did, until it ends.
fn answer(stream: &UnixStream, exchanges: &[Exchange]) {
    let mut requests = BufReader::new(stream);
    while let Some((line, body)) = request(&mut requests) {
        let recorded =
            exchanges.iter().find(|exchange| exchange.line == line && exchange.body == body);
        let Some(recorded) = recorded else { return };
        let mut stream = stream;
        if stream.write_all(recorded.response.as_bytes()).is_err() {
            return;
        }
    }
}

/// The first line of the next request, and its body.
fn request(requests: &mut BufReader<&UnixStream>) -> Option<(String, String)> {
    let mut lines = requests.by_ref().lines().map_while(Result::ok);
    let line = lines.next()?;
    let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let length = head.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    requests.read_exact(&mut body).ok()?;
    Some((line, String::from_utf8(body).ok()?))
}

/// Reads the recording: `<ms> ms H1>P <count> bytes`, then the bytes with `\r\n` spelled out, then `~`.
fn exchanges() -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut lines = RECORDING.lines();
    while let Some(line) = lines.next() {
        let Some((_, what)) = line.split_once(" ms ") else { continue };
        let mut payload = || {
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "~").collect();
            text.join("\n").replace("\\r\\n\n", "\r\n")
        };
        let unanswered = exchanges.iter().position(|exchange| exchange.response.is_empty());
        if what.starts_with("H1>P ") && !what.ends_with("EOF") {
            let request = payload();
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            let line = head.lines().next().unwrap().to_owned();
            exchanges.push(Exchange { line, body: body.to_owned(), response: String::new() });
        } else if what == "P>H1 EOF" {
            // It closed the connection in place of an answer.
            exchanges.remove(unanswered.unwrap());
        } else if what.starts_with("P>H1 ") {
            exchanges[unanswered.unwrap()].response = payload();
        }
    }
    exchanges
}
