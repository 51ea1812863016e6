//! The slots of a plugin: the places of its instances, and which of them takes a call.
//!
//! A plugin has as many slots as its policy says instances. An instance comes and goes; its slot stays,
//! and is supervised by itself. All slots are behind the one lock of the plugin's state, so that no other
//! call comes between the choice of an instance and the count of its calls.

use std::sync::Arc;

use super::availability::{Acquired, Availability, State};
use super::choice::{least_loaded, rendezvous};
use super::command::Recheck;
use crate::host::instance::Instance;
use crate::transport::FileId;
use crate::typed::CallKey;

/// The slots of one plugin, of which there is at least one.
pub(super) struct Slots {
    first: SlotStatus,
    others: Box<[SlotStatus]>,
    /// Where the search for the least loaded slot begins.
    next: usize,
}

/// What is known of one slot.
pub(super) struct SlotStatus {
    pub(super) state: State,
    pub(super) instance: Option<Arc<Instance>>,
    pub(super) availability: Availability,
    /// The file in the place of the instance's program now, if it is a newer one.
    pub(super) newer_program: Option<FileId>,
    /// Whether the last start has failed since only one half of an upgrade is there.
    pub(super) is_half_installed: bool,
    /// What the supervisor checks the next time.
    pub(super) recheck: Recheck,
    /// How often the plugin had been asked to stop when this slot was to start its instance, behind that of
    /// another slot.
    pub(super) start_asked: Option<u64>,
    /// Whether the supervisor has nothing to do, and the plugin is not installed.
    pub(super) is_unused: bool,
    /// How many calls its instances were given.
    pub(super) calls: u64,
    /// How often its instance was started again after a crash.
    pub(super) restarts: u64,
}

impl Default for SlotStatus {
    fn default() -> Self {
        Self {
            state: State::Stopped,
            instance: None,
            availability: Availability::NotLoaded,
            newer_program: None,
            is_half_installed: false,
            recheck: Recheck::Presence,
            start_asked: None,
            is_unused: false,
            calls: 0,
            restarts: 0,
        }
    }
}

impl SlotStatus {
    /// Whether the slot has no instance, and gets one without being loaded.
    fn expects_instance(&self) -> bool {
        self.instance.is_none() && self.availability.expects_instance()
    }

    /// Whether the slot has no instance, and waits for the time of its restart.
    pub(super) fn is_waiting(&self) -> bool {
        self.instance.is_none() && self.availability.is_restarting()
    }

    #[inline]
    fn acquire(&mut self, slot: usize) -> Acquired {
        match &self.instance {
            // Under the lock: a replaced instance waits for its calls, so it has to count them all.
            Some(instance) => {
                self.calls += 1;
                Acquired::Call(instance.begin_call())
            }
            None => Acquired::NoInstance { availability: self.availability.clone(), slot },
        }
    }
}

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        let others = (1..count).map(|_| SlotStatus::default()).collect();
        Self { first: SlotStatus::default(), others, next: 0 }
    }

    pub(super) fn get(&mut self, slot: usize) -> &mut SlotStatus {
        match slot.checked_sub(1) {
            None => &mut self.first,
            Some(other) => &mut self.others[other],
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &SlotStatus> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut SlotStatus> {
        std::iter::once(&mut self.first).chain(&mut self.others)
    }

    /// The instances that take calls.
    pub(super) fn instances(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.iter().filter_map(|slot| slot.instance.as_ref())
    }

    /// The state of the plugin: loaded if an instance takes calls.
    pub(super) fn state(&self) -> State {
        let states = || self.iter().map(|slot| slot.state);
        [State::Loaded, State::Stopped]
            .into_iter()
            .find(|state| states().any(|other| other == *state))
            .unwrap_or(State::Discovered)
    }

    /// What a call can expect while no instance takes it, and of which slot.
    pub(super) fn availability(&self) -> (&Availability, usize) {
        let all = self.iter().enumerate().map(|(place, slot)| (&slot.availability, place));
        let best = all.min_by_key(|(availability, place)| (availability.rank(), *place));
        best.unwrap_or((&self.first.availability, 0))
    }

    /// Begins a call with an instance, if there is one: with that of the key, if the call has one.
    #[inline]
    pub(super) fn acquire(&mut self, key: Option<CallKey>) -> Acquired {
        if self.others.is_empty() { self.first.acquire(0) } else { self.acquire_of_many(key) }
    }

    fn acquire_of_many(&mut self, key: Option<CallKey>) -> Acquired {
        let chosen = match key {
            Some(key) => self.slot_of(key),
            None => self.least_loaded(),
        };
        match chosen {
            Some(slot) => self.get(slot).acquire(slot),
            None => {
                let (availability, slot) = self.availability();
                Acquired::NoInstance { availability: availability.clone(), slot }
            }
        }
    }

    /// The slot whose instance has the fewest calls. An instance that refuses calls, since it stops, gets
    /// one only if all do and no slot expects an instance, for which the call can wait.
    fn least_loaded(&mut self) -> Option<usize> {
        let load = |takes: fn(&Instance) -> bool| {
            let serving = self.iter().enumerate().filter_map(move |(place, slot)| {
                let instance = slot.instance.as_ref().filter(|it| takes(it))?;
                Some((place, instance.calls()))
            });
            least_loaded(serving, self.next)
        };
        let has_only_these = || !self.iter().any(SlotStatus::expects_instance);
        let refusing = || has_only_these().then(|| load(|_| true)).flatten();
        let chosen = load(|it| !it.refuses_calls()).or_else(refusing)?;
        self.next = chosen + 1;
        Some(chosen)
    }

    /// The slot of a key: among those that have an instance or will have one. A call waits for the next
    /// instance of its slot rather than go elsewhere: the state of its key is there.
    fn slot_of(&self, key: CallKey) -> Option<usize> {
        let expects = |slot: &SlotStatus| slot.instance.is_some() || slot.expects_instance();
        let places = self.iter().enumerate().filter(|(_, slot)| expects(slot));
        rendezvous(key, places.map(|(place, _)| place))
    }

    /// Whether a call that this instance has not taken can be made again, since another one takes it, or is
    /// expected in its slot.
    pub(super) fn has_other_than(
        &self,
        instance: &Instance,
        key: Option<CallKey>,
        is_expected: impl Fn(&Availability) -> bool,
    ) -> bool {
        let own = key.filter(|_| !self.others.is_empty()).and_then(|key| self.slot_of(key));
        let candidates =
            self.iter().enumerate().filter(|(place, _)| own.is_none_or(|own| own == *place));
        candidates.map(|(_, slot)| slot).any(|slot| match &slot.instance {
            Some(current) => {
                !std::ptr::eq(Arc::as_ptr(current), instance) && !current.refuses_calls()
            }
            None => is_expected(&slot.availability),
        })
    }
}
