use std::sync::mpsc;
use std::task::Waker;
use std::thread;
use std::time::Duration;

use super::*;

fn pieces(items: &RequestItems) -> Vec<(Vec<u8>, bool)> {
    let mut pieces = Vec::new();
    loop {
        match items.poll_piece(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(RequestPiece::Data(piece)) => pieces.push((piece.into(), false)),
            Poll::Ready(RequestPiece::Last(piece)) => {
                pieces.push((piece.into(), true));
                return pieces;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn items_that_are_ready_are_one_piece_with_their_end() {
    let items = SentItems::<i32, _>::of_all([1, 2]).json(&MethodSpec::EMPTY);
    assert!(!items.clone().has_begun());
    let text = "event: item\ndata: 1\n\nevent: item\ndata: 2\n\nevent: end\ndata: null\n\n";
    assert_eq!(pieces(&items), [(text.as_bytes().to_vec(), true)]);
    assert!(items.clone().has_begun());
}

#[test]
fn large_bytes_are_not_copied() {
    let large = Bytes::from(vec![7; limits::STREAM_COPIED]);
    let items = SentItems::<Bytes, _>::of_all([Bytes::from_static(b"a"), large.clone()]).bytes();
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(RequestPiece::Data(first)) = items.poll_piece(&mut cx) else { panic!() };
    assert_eq!(first, "a");
    let Poll::Ready(RequestPiece::Data(second)) = items.poll_piece(&mut cx) else { panic!() };
    assert_eq!(second.as_ptr(), large.as_ptr());
    let Poll::Ready(RequestPiece::Last(last)) = items.poll_piece(&mut cx) else { panic!() };
    assert!(last.is_empty());
}

#[test]
fn an_item_that_cannot_be_written_fails_after_those_before_it() {
    type Map = Option<std::collections::BTreeMap<(u8, u8), u8>>;
    let maps = [None, Some([((1, 2), 3)].into())];
    let items = SentItems::<Map, _>::of_all(maps).json(&MethodSpec::EMPTY);
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(RequestPiece::Data(first)) = items.poll_piece(&mut cx) else { panic!() };
    assert_eq!(first, "event: item\ndata: null\n\n");
    let Poll::Ready(RequestPiece::Failed(error)) = items.poll_piece(&mut cx) else { panic!() };
    assert!(error.to_string().contains("an item cannot be written"), "{error}");
}

#[test]
fn a_stream_that_fails_says_why_after_its_items() {
    let failing = || [Ok(1), Err("the tape tore"), Ok(2)];
    let items = SentItems::<u8, _>::of_all(failing()).json(&MethodSpec::EMPTY);
    let pieces = pieces(&items);
    let text = String::from_utf8_lossy(&pieces[0].0);
    assert!(text.starts_with("event: item\ndata: 1\n\nevent: error\ndata: {"), "{text}");
    assert!(text.contains("the tape tore") && text.ends_with("}\n\n"), "{text}");
    assert!(pieces.len() == 1 && pieces[0].1);

    let bytes = failing().map(|item| item.map(|item| Bytes::from(vec![item])));
    let items = SentItems::<Bytes, _>::of_all(bytes).bytes();
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(RequestPiece::Data(first)) = items.poll_piece(&mut cx) else { panic!() };
    assert_eq!(first, vec![1]);
    let Poll::Ready(RequestPiece::GaveUp(problem)) = items.poll_piece(&mut cx) else { panic!() };
    assert_eq!(problem.detail, "the tape tore");
}

/// A stream that asks the call that it belongs to whether it has begun, also when it is dropped.
struct Asking(RequestItemsSlot);

type RequestItemsSlot = Arc<Mutex<Option<RequestItems>>>;

impl Asking {
    fn has_begun(&self) -> bool {
        let items = self.0.lock().unwrap().clone();
        items.is_some_and(|items| items.has_begun())
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        assert!(self.has_begun());
    }
}

impl Stream for Asking {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        assert!(self.has_begun());
        let items = self.0.lock().unwrap().clone().unwrap();
        let Poll::Ready(RequestPiece::Failed(_)) = items.poll_piece(cx) else { panic!() };
        Poll::Ready(None)
    }
}

#[test]
fn a_stream_may_ask_for_its_own_call() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let slot = RequestItemsSlot::default();
        let items = RequestItems::bytes(Asking(Arc::clone(&slot)));
        *slot.lock().unwrap() = Some(items.clone());
        assert_eq!(pieces(&items), [(Vec::new(), true)]);
        slot.lock().unwrap().take();
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(60)).unwrap();
}
