//! What one host is sent: the events that wait for it, and the events that it has been sent
//! and may ask for again.
//!
//! The events are one text, written once, in the form in which they go over the wire. So an
//! event has no memory of its own, and a piece of the stream is a copy of a part of the text.
//! The text is kept in segments, which are dropped as a whole and whose memory is reused.

use std::collections::VecDeque;

use bytes::Bytes;

use super::segment::{Segment, Text};
use crate::limits;
use crate::protocol::event_stream::{self, Encoder};
use crate::protocol::{Traceparent, wire};

/// Events in the order of their ids, which only grow.
#[derive(Debug)]
pub(super) struct Log {
    segments: VecDeque<Segment>,
    /// The index of the first segment that may have unsent events.
    next: usize,
    /// How many events have not been sent, and how many bytes they have.
    waiting: usize,
    waiting_bytes: usize,
    sent_bytes: usize,
    /// How many bytes of sent events are kept. If it is zero, ids may have gaps.
    kept: usize,
    last_id: u64,
    /// The last id whose event can no longer be sent again.
    lost_through: u64,
    /// How many events are missing at the start of the stream.
    gap: Option<u64>,
    encoder: Encoder,
    /// The memory of a dropped segment, to be reused.
    spare: Vec<u8>,
}

impl Log {
    /// An empty log that keeps this many bytes of sent events.
    pub(super) fn new(kept: usize) -> Self {
        Self {
            segments: VecDeque::new(),
            next: 0,
            waiting: 0,
            waiting_bytes: 0,
            sent_bytes: 0,
            kept,
            last_id: 0,
            lost_through: 0,
            gap: None,
            encoder: Encoder::default(),
            spare: Vec::new(),
        }
    }

    /// The next id in the log's own numbering.
    pub(super) fn next_id(&self) -> u64 {
        self.last_id + 1
    }

    /// How many events wait, and how many bytes they have.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.waiting, self.waiting_bytes)
    }

    /// Adds an event, which may be a part of a trace.
    #[inline]
    pub(super) fn push(&mut self, id: u64, event: &str, data: &[u8], trace: Option<&Traceparent>) {
        self.last_id = id;
        let size = Encoder::size(event, data, trace);
        let kept = self.kept > 0;
        if !self.segments.back().is_some_and(|segment| segment.has_room_for(id, size, kept)) {
            self.begin_segment(id, size);
        }
        let Some(segment) = self.segments.back_mut() else { return };
        let Text::Open(text) = &mut segment.text else { return };
        let before = text.len();
        self.encoder.encode(text, id, event, data, trace);
        self.waiting_bytes += text.len() - before;
        self.waiting += 1;
        segment.events += 1;
        segment.waiting += 1;
    }

    #[cold]
    fn begin_segment(&mut self, first_id: u64, size: usize) {
        let mut text = std::mem::take(&mut self.spare);
        text.reserve(size.max(limits::CALLBACK_SEGMENT));
        self.segments.push_back(Segment::new(text, first_id));
    }

    /// Takes the next piece of the stream: as many whole events as fit into it, or one large
    /// event.
    pub(super) fn take_piece(&mut self) -> Option<Bytes> {
        let mut piece = self.gap.take().map_or_else(Vec::new, |missing| self.gap_event(missing));
        while let Some(segment) = self.segments.get_mut(self.next) {
            let unsent = segment.unsent_bytes();
            if unsent > 0 {
                if !piece.is_empty() && piece.len() + unsent > limits::CALLBACK_SEGMENT {
                    break;
                }
                self.waiting -= std::mem::take(&mut segment.waiting);
                self.waiting_bytes -= unsent;
                self.sent_bytes += unsent;
                if unsent > limits::CALLBACK_SEGMENT {
                    let large = segment.close();
                    self.drop_sent();
                    return Some(large);
                }
                piece.reserve_exact(unsent);
                piece.extend_from_slice(&segment.bytes()[segment.sent..]);
                segment.sent += unsent;
            }
            if self.next + 1 == self.segments.len() {
                break;
            }
            self.next += 1;
        }
        self.drop_sent();
        (!piece.is_empty()).then(|| piece.into())
    }

    fn gap_event(&self, missing: u64) -> Vec<u8> {
        let (mut text, id) = (Vec::new(), Some(self.lost_through));
        event_stream::encode(&mut text, id, wire::EVENT_GAP, &missing.to_string());
        text
    }

    /// Drops the oldest sent events for as long as there are too many.
    fn drop_sent(&mut self) {
        while self.sent_bytes > self.kept
            && self.segments.front().is_some_and(|oldest| oldest.unsent_bytes() == 0)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.segments.pop_front() else { return };
        self.next = self.next.saturating_sub(1);
        self.sent_bytes -= oldest.sent;
        self.lost_through = self.lost_through.max(oldest.last_id());
        if let Text::Open(mut text) = oldest.text
            && text.capacity() <= 2 * limits::CALLBACK_SEGMENT
        {
            text.clear();
            self.spare = text;
        }
    }

    /// Continues after `last`, the id of the last event that the host has seen. Later events
    /// are sent again, and a gap event says how many cannot be.
    ///
    /// An id that was never given out comes from an earlier process of the plugin. The
    /// numbering then continues after it, so that the host does not take new events for events
    /// that it has seen.
    pub(super) fn resume(&mut self, last: u64) {
        if last > self.last_id {
            self.last_id = last;
            self.lost_through = last;
            return;
        }
        let lost_through = self.lost_through;
        while self.segments.front().is_some_and(|oldest| oldest.last_id() <= last) {
            self.drop_oldest();
        }
        for segment in &mut self.segments {
            segment.rewind(last);
        }
        self.next = 0;
        self.waiting = self.segments.iter().map(|segment| segment.waiting).sum();
        self.waiting_bytes = self.segments.iter().map(Segment::unsent_bytes).sum();
        self.sent_bytes = self.segments.iter().map(|segment| segment.sent).sum();
        self.gap = lost_through.checked_sub(last).filter(|missing| *missing > 0);
        // Events that the host has seen are not kept.
        self.lost_through = lost_through.max(last);
    }

    /// Drops everything but the numbering.
    pub(super) fn forget(&mut self) {
        let (last_id, kept) = (self.last_id, self.kept);
        *self = Self { last_id, lost_through: last_id, ..Self::new(kept) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Log {
        Log::new(limits::CALLBACK_REPLAY)
    }

    fn push(log: &mut Log, data: impl AsRef<[u8]>) {
        log.push(log.next_id(), "c", data.as_ref(), None);
    }

    /// The next piece: each of its events as id and data.
    fn piece(log: &mut Log) -> Vec<String> {
        let piece = log.take_piece().unwrap_or_default();
        let text = std::str::from_utf8(&piece).unwrap();
        let events = text.split_terminator("\n\n");
        events
            .map(|event| {
                let lines: Vec<_> = event.split('\n').collect();
                let [id, name, data] = lines[..] else { panic!("{event:?}") };
                assert!(matches!(name, "event: c" | "event: gap"), "{event:?}");
                let gap = if name == "event: gap" { "gap " } else { "" };
                format!("{} {gap}{}", &id["id: ".len()..], &data["data: ".len()..])
            })
            .collect()
    }

    #[test]
    fn events_sent_but_not_seen_are_sent_again_in_order() {
        let mut log = log();
        for text in ["a", "b", "c"] {
            push(&mut log, text);
        }
        assert_eq!(piece(&mut log), ["1 a", "2 b", "3 c"]);
        push(&mut log, "d");

        log.resume(1);

        assert_eq!(log.waiting().0, 3);
        assert_eq!(piece(&mut log), ["2 b", "3 c", "4 d"]);
        assert_eq!(log.waiting(), (0, 0));
    }

    #[test]
    fn a_log_resumes_after_any_id() {
        for last in 0..=900 {
            let mut log = log();
            for number in 1..=600 {
                push(&mut log, number.to_string());
            }
            while !piece(&mut log).is_empty() {}
            for number in 601..=900 {
                push(&mut log, number.to_string());
            }

            log.resume(last);

            let expected: Vec<_> = (last + 1..=900).map(|id| format!("{id} {id}")).collect();
            assert_eq!(log.waiting().0, expected.len());
            let mut pieces = Vec::new();
            while log.waiting().0 > 0 {
                pieces.extend(piece(&mut log));
            }
            assert_eq!(pieces, expected);
            assert_eq!(log.waiting(), (0, 0));
        }
    }

    #[test]
    fn a_gap_counts_events_that_were_dropped() {
        let mut log = log();
        let large = vec![b'x'; limits::CALLBACK_REPLAY / 2 - 100];
        for _ in 0..4 {
            push(&mut log, &large);
            piece(&mut log);
        }

        log.resume(1);

        assert_eq!(piece(&mut log), ["2 gap 1"]);
        assert!(piece(&mut log)[0].starts_with("3 x"));
        assert!(piece(&mut log)[0].starts_with("4 x"));
        assert!(piece(&mut log).is_empty());
    }

    #[test]
    fn between_half_and_all_of_the_limit_is_kept() {
        let mut log = log();
        let count = 4 * limits::CALLBACK_REPLAY / 100;
        for _ in 0..count {
            push(&mut log, [b'x'; 60]);
            piece(&mut log);
            let memory: usize = log.segments.iter().map(|segment| segment.bytes().len()).sum();
            assert!(memory <= limits::CALLBACK_REPLAY);
        }
        assert!(log.sent_bytes >= limits::CALLBACK_REPLAY / 2);
    }

    #[test]
    fn a_gap_counts_events_that_were_forgotten() {
        let mut log = log();
        for text in ["a", "b", "c"] {
            push(&mut log, text);
        }
        piece(&mut log);

        log.forget();
        log.resume(1);

        assert_eq!(piece(&mut log), ["3 gap 2"]);
    }

    #[test]
    fn the_numbering_continues_after_an_id_of_an_earlier_process() {
        let mut log = log();
        push(&mut log, "a");
        piece(&mut log);

        log.resume(57);
        push(&mut log, "b");
        assert_eq!(piece(&mut log), ["58 b"]);

        log.resume(57);
        assert_eq!(piece(&mut log), ["58 b"]);
    }

    #[test]
    fn pieces_stay_small_and_a_large_event_is_a_piece_of_its_own() {
        let mut log = log();
        let large = "x".repeat(limits::CALLBACK_SEGMENT + 1);
        push(&mut log, "a");
        push(&mut log, &large);
        push(&mut log, "b");

        for expected in ["1 a", &format!("2 {large}"), "3 b"] {
            assert_eq!(piece(&mut log), [expected]);
        }
        for _ in 0..1000 {
            push(&mut log, [b'x'; 90]);
        }
        while let Some(piece) = log.take_piece() {
            assert!(piece.len() <= limits::CALLBACK_SEGMENT);
            assert!(piece.len() > limits::CALLBACK_SEGMENT / 2 || log.waiting().0 == 0);
        }
    }

    #[test]
    fn data_with_several_lines_is_one_event() {
        let mut log = log();
        log.push(1, "c", b"a\n\nb", None);
        log.push(2, "c", b"x", None);
        log.take_piece();

        log.resume(1);

        assert_eq!(piece(&mut log), ["2 x"]);
    }

    #[test]
    fn a_log_that_keeps_nothing_drops_events_once_they_are_sent() {
        let mut log = Log::new(0);
        for id in [1, 4, 9] {
            log.push(id, "c", b"a", None);
        }
        assert_eq!(piece(&mut log), ["1 a", "4 a", "9 a"]);
        assert!(log.segments.is_empty());
    }
}
