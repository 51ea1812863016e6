//! What becomes of a plugin that was installed: whether a new process serves it, and until when.
//!
//! Nothing here asks the host. That a process serves is seen from outside: its host has left it the
//! socket, and it answers there.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use goplug::PluginId;
use tokio::time::Instant;

use super::member::Member;
use crate::pconf::Pconf;
use crate::running::Running;
use crate::system::{PluginProcess, process_ids};

/// How long a host may take to notice what was installed, or that a process has ended.
const NOTICE: Duration = Duration::from_secs(5);

/// How long a host that has just been started may take until it starts a plugin. It may be built first.
const HOST_START: Duration = Duration::from_secs(120);

/// How long a host may take to start a plugin again that has ended, before that is said.
const RESTART: Duration = Duration::from_secs(1);

/// How long a process may take to serve: more than hosts allow it by default.
const START: Duration = Duration::from_secs(15);

/// The processes that there were at some moment.
#[derive(Clone, Debug)]
pub(super) struct Before {
    ids: Arc<HashSet<u32>>,
    plugins: Vec<PluginProcess>,
}

impl Before {
    pub(super) fn now() -> Self {
        Self { ids: Arc::new(process_ids().collect()), plugins: PluginProcess::all() }
    }
}

/// Something that a person wants to know of a plugin's processes.
#[derive(Debug)]
pub(super) enum News {
    /// A process serves: so long after the end of the build, or again, after another has ended.
    Serves { pid: u32, after: Option<Duration> },
    /// No process has taken the place of the old one.
    NotReplaced(String),
    /// A process has ended, and the host has not started another.
    Ended { pid: u32 },
}

/// Why processes are looked for.
#[derive(Debug)]
enum Cause {
    /// The plugin was installed.
    Installed,
    /// A host was started.
    HostStarted,
    /// The process that served has ended.
    Ended(Member),
}

/// A time in which processes are looked for.
#[derive(Debug)]
struct Search {
    cause: Cause,
    began: Instant,
    /// Processes that are none of those that are looked for.
    others: Arc<HashSet<u32>>,
    /// Whether it was said that none serves.
    is_told: bool,
}

/// A plugin that was installed.
#[derive(Debug)]
pub(super) struct Followed {
    id: PluginId,
    program: PathBuf,
    /// The end of the last build that has changed it.
    built: Instant,
    search: Option<Search>,
    /// The processes whose places new ones take.
    old: Vec<Member>,
    starting: Vec<Member>,
    serving: Vec<Member>,
    /// Whether a process has ended without a successor.
    is_without_process: bool,
    news: VecDeque<News>,
}

impl Followed {
    /// The plugin of a `.pconf`, which names its program; and what was known of it before a build that
    /// ended then.
    pub(super) fn new(file: &Path, built: Instant, known: Option<Self>) -> Option<Self> {
        let id = file.file_stem()?.to_str()?.parse().ok()?;
        Some(Self {
            id,
            program: Pconf::read(file).program()?,
            built,
            search: None,
            old: Vec::new(),
            starting: Vec::new(),
            serving: Vec::new(),
            is_without_process: known.as_ref().is_some_and(|known| known.is_without_process),
            news: known.map(|known| known.news).unwrap_or_default(),
        })
    }

    /// Its name, for people.
    pub(super) fn name(&self) -> String {
        self.id.to_string()
    }

    /// Its program was replaced; these processes were there before.
    pub(super) fn installed(&mut self, before: &Before) {
        self.old = self.own(&before.plugins);
        self.search(Cause::Installed, Arc::clone(&before.ids));
    }

    /// A host is started, after a build that ended then; these processes were there before.
    pub(super) fn host_started(&mut self, built: Instant, before: &Before) {
        self.built = built;
        self.search(Cause::HostStarted, Arc::clone(&before.ids));
    }

    fn search(&mut self, cause: Cause, others: Arc<HashSet<u32>>) {
        self.search = Some(Search { cause, began: Instant::now(), others, is_told: false });
    }

    /// When to look next, if ever.
    pub(super) fn next_look(&self, last: Instant) -> Option<Instant> {
        let pause = match self.search.as_ref()?.began.elapsed().as_millis() {
            0..1000 => 10,
            1000..5000 => 50,
            _ => 250,
        };
        Some(last + Duration::from_millis(pause))
    }

    /// The processes that serve it.
    pub(super) fn serving(&self) -> &[Member] {
        &self.serving
    }

    /// What there is to say of it.
    pub(super) fn take_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// Looks for successors of processes that have ended.
    pub(super) fn note_ends(&mut self) {
        let ended: Vec<_> = self.serving.extract_if(.., |member| member.has_ended()).collect();
        if let Some(member) = ended.into_iter().find(|member| member.has_host())
            && self.search.is_none()
        {
            self.search(Cause::Ended(member), Arc::default());
        }
    }

    /// Looks what there is now, if anything is looked for. Cancel safe.
    pub(super) async fn look(&mut self) {
        let Some(search) = &self.search else { return };
        for member in self.own(&PluginProcess::beside(&search.others)) {
            let mut known = self.old.iter().chain(&self.starting).chain(&self.serving);
            if known.any(|known| known.pid() == member.pid()) {
                continue;
            }
            match member.runs_newest(&self.program) {
                true => self.starting.push(member),
                false => self.old.push(member),
            }
        }
        let mut at = 0;
        while let Some(member) = self.starting.get(at) {
            if member.has_ended() {
                let member = self.starting.remove(at);
                let news = self.failed(&member);
                self.news.extend(news);
            } else if member.serves().await {
                let member = self.starting.remove(at);
                let news = self.serves(member);
                self.news.push_back(news);
            } else {
                at += 1;
            }
        }
        let news = self.look_at_the_time();
        self.news.extend(news);
    }

    /// Those of these processes that hosts have started from its program.
    fn own(&self, processes: &[PluginProcess]) -> Vec<Member> {
        let own = Running::named(processes, &self.id).filter(|process| process.runs(&self.program));
        own.filter_map(Member::new).collect()
    }

    fn serves(&mut self, member: Member) -> News {
        self.old.retain(|old| old.host() != member.host());
        self.is_without_process = false;
        let pid = member.pid();
        self.serving.push(member);
        let is_again = matches!(&self.search, Some(Search { cause: Cause::Ended(_), .. }));
        News::Serves { pid, after: (!is_again).then(|| self.built.elapsed()) }
    }

    /// A process has ended before it served.
    fn failed(&mut self, member: &Member) -> Option<News> {
        let search = self.search.as_mut().filter(|search| !search.is_told && member.has_host())?;
        search.is_told = true;
        let pid = member.pid();
        let old = self.old.iter().find(|old| old.host() == member.host() && !old.has_ended());
        self.is_without_process = old.is_none();
        Some(News::NotReplaced(match old {
            Some(old) => format!(
                "the new process (pid {pid}) has ended, and the old one (pid {}) serves on; its host \
                 logs why",
                old.pid()
            ),
            None => {
                format!("its process (pid {pid}) has ended before it served; its host logs why")
            }
        }))
    }

    /// Says what has not happened in time, and ends the search when it is over.
    fn look_at_the_time(&mut self) -> Option<News> {
        let ended: Vec<_> = self.old.extract_if(.., |old| old.has_ended()).collect();
        self.is_without_process |= ended.iter().any(Member::has_host) && self.old.is_empty();
        let search = self.search.as_mut()?;
        let (elapsed, is_told) = (search.began.elapsed(), search.is_told);
        let (patience, has_served) = match &search.cause {
            Cause::Installed => (NOTICE, self.old.is_empty() && !self.serving.is_empty()),
            Cause::HostStarted => (HOST_START, self.old.is_empty() && !self.serving.is_empty()),
            Cause::Ended(member) => {
                (NOTICE, self.serving.iter().any(|new| new.host() == member.host()))
            }
        };
        let news = match &search.cause {
            _ if is_told => None,
            Cause::Ended(member) if elapsed >= RESTART && self.starting.is_empty() => {
                (!has_served && member.has_host()).then(|| News::Ended { pid: member.pid() })
            }
            Cause::Installed | Cause::HostStarted if elapsed >= NOTICE => {
                late(&self.starting, &self.old, self.is_without_process, elapsed)
            }
            _ => None,
        };
        search.is_told |= news.is_some();
        self.is_without_process |= matches!(news, Some(News::Ended { .. }));
        let is_over = match self.starting.is_empty() {
            true => has_served || elapsed >= patience,
            false => elapsed >= patience + START,
        };
        if is_over {
            self.search = None;
            self.serving.append(&mut self.old);
            self.starting.clear();
        }
        news
    }
}

/// What has not happened although a host has had the time to notice a plugin.
fn late(
    starting: &[Member],
    old: &[Member],
    is_without_process: bool,
    elapsed: Duration,
) -> Option<News> {
    let text = match (starting, old) {
        ([new, ..], _) if elapsed >= START => {
            format!("its process (pid {}) does not serve yet", new.pid())
        }
        ([_, ..], _) => return None,
        ([], [old, ..]) => format!(
            "no new process serves, and the old one (pid {}) serves on; does its host watch the folder \
             (`auto_discover`)?",
            old.pid()
        ),
        ([], []) if is_without_process => {
            "no process serves it; its host has not started it again".into()
        }
        ([], []) => return None,
    };
    Some(News::NotReplaced(text))
}
