//! The connections that a server has open: a bounded number, of which the idlest makes way for a new one.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::limits;
use crate::plugin::connection::IdleState;
use crate::plugin::select::within;

/// How long to wait for the end of a connection before another one is told to end: all may be busy now, and
/// not then.
const MAKING_ROOM: Duration = Duration::from_millis(10);

/// A future that the server spawns. All of them have one type and are on the heap: so the
/// runtime's code for a task is in the program once, and no large future is moved on the stack.
pub(in crate::plugin) type BoxedTask = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
pub(in crate::plugin) struct Connections {
    tasks: JoinSet<()>,
    /// Those of all open connections, and of some that have ended.
    states: Vec<Arc<IdleState>>,
    /// The number of the last connection.
    newest: Arc<AtomicU64>,
}

impl Connections {
    /// Serves a connection in a task. `serve` gets its number among all connections of the server.
    pub(in crate::plugin) fn add(&mut self, serve: impl FnOnce(u64, Arc<IdleState>) -> BoxedTask) {
        let number = self.newest.fetch_add(1, Ordering::Relaxed) + 1;
        let state = Arc::new(IdleState::new(Arc::clone(&self.newest)));
        if self.states.len() >= 2 * limits::MAX_CONNECTIONS {
            self.forget_ended();
        }
        self.states.push(Arc::clone(&state));
        self.tasks.spawn(serve(number, state));
    }

    /// Waits until another connection may be served. Ends the idlest for that, if one is idle.
    pub(super) async fn make_room(&mut self) {
        while self.tasks.len() >= limits::MAX_CONNECTIONS {
            self.end_idlest();
            let ended = async {
                self.tasks.join_next().await;
            };
            let _ = within(MAKING_ROOM, pin!(ended)).await;
        }
    }

    /// Ends the connection that has waited for a request for the longest time, if one waits: a stranger's
    /// before that of a peer that was let in.
    pub(super) fn end_idlest(&mut self) {
        self.forget_ended();
        let waiting = self.states.iter().filter_map(|state| Some((state.since()?, state)));
        let idlest = waiting.min_by_key(|(since, state)| (state.is_known(), *since));
        if let Some((_, idlest)) = idlest {
            idlest.end();
        }
    }

    fn forget_ended(&mut self) {
        self.states.retain(|state| Arc::strong_count(state) > 1);
    }

    /// Waits until one connection has ended. Returns false if there is none.
    pub(super) async fn one_ended(&mut self) -> bool {
        self.tasks.join_next().await.is_some()
    }

    /// Ends all connections at once.
    pub(super) async fn shutdown(&mut self) {
        self.tasks.shutdown().await;
    }
}
