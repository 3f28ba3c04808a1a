//! What goes wrong, and when: drawn from the seed before anything starts.

use std::{fmt, mem, time::Duration};

use crate::{rng::Rng, world::Time};

/// How many replicas there are.
pub(crate) const REPLICAS: usize = 3;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL, and another start.
    Kill(usize),
    /// SIGSTOP, and SIGCONT after a while: longer than a lease, or not.
    Freeze(usize, Duration),
    /// SIGTERM, and another start.
    Terminate(usize),
    /// The database is restarted in order.
    PgRestart,
    /// The database is killed and recovers.
    PgCrash,
    /// The database ends so many connections.
    PgTerminate(u64),
    /// What is sent between a replica (or all) and the database is lost.
    BlackHole(Option<usize>, Duration),
    /// The connections of a replica (or all) to the database are reset.
    Reset(Option<usize>),
    /// All that is sent between a replica (or all) and the database is late.
    Latency(Option<usize>, Duration),
    /// The next commits of a replica are carried out, but it does not hear of it.
    CutAfterCommit(usize, u64),
    /// The grid gives no sessions.
    GridErrors(Duration),
    /// The grid answers nothing.
    GridHang(Duration),
    /// Sessions come late.
    GridLate(Duration),
    /// The grid loses so many requests to end a session.
    GridLostDeletes(u64),
    /// So many sessions of the grid end by themselves.
    GridKill(u64),
    /// Mail server and webhook receiver are down.
    SinkDown(Duration),
    /// The mail server takes so many letters and hangs up before it says so.
    SinkDrop(u64),
    /// One of the sites is down. No fault of synmon's: it must be told.
    SiteDown(Duration),
    /// The clock of a replica jumps to so many seconds off.
    ClockJump(usize, i64),
}

/// What goes wrong within a run of the test.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// How long clients work and things go wrong.
    pub(crate) duration: Duration,
    pub(crate) faults: Vec<(Duration, Fault)>,
}

/// The least time between two faults of one kind at the receivers.
const SINK_REST: Duration = Duration::from_mins(2);
/// Before that nothing goes wrong, so that there is something to disturb.
const LEAD_IN: Duration = Duration::from_secs(3);

impl Plan {
    /// The faults of a seed. All kinds come before any comes again.
    pub(crate) fn new(seed: u64, duration: Duration, clocks: Time) -> Self {
        let mut rng = Rng::new(seed);
        let mut faults = Vec::new();
        let mut at = LEAD_IN;
        while at < duration {
            for fault in deck(&mut rng, clocks) {
                if at >= duration {
                    break;
                }
                // After its third failure a notice rests for minutes.
                let is_sinks = |fault| matches!(fault, Fault::SinkDown(_) | Fault::SinkDrop(_));
                let same = |other: &(Duration, Fault)| {
                    mem::discriminant(&other.1) == mem::discriminant(&fault)
                        && at < other.0 + SINK_REST
                };
                if is_sinks(fault) && faults.iter().any(same) {
                    continue;
                }
                faults.push((at, fault));
                at += Duration::from_millis(rng.between(1_000, 2_600));
            }
        }
        Self { seed, duration, faults }
    }
}

fn deck(rng: &mut Rng, clocks: Time) -> Vec<Fault> {
    let secs = Duration::from_secs;
    let mut replica = {
        let mut rng = rng.fork();
        move || rng.below(REPLICAS)
    };
    let some = |one: usize, all: bool| (!all).then_some(one);
    let mut deck = vec![
        Fault::Kill(replica()),
        Fault::Kill(replica()),
        Fault::Kill(replica()),
        Fault::Terminate(replica()),
        Fault::Freeze(replica(), secs(rng.between(5, 25))),
        Fault::PgRestart,
        Fault::PgCrash,
        Fault::PgTerminate(rng.between(1, 4)),
        Fault::PgTerminate(rng.between(5, 12)),
        Fault::BlackHole(some(replica(), rng.chance(50)), secs(rng.between(5, 15))),
        Fault::Reset(some(replica(), rng.chance(50))),
        Fault::Latency(some(replica(), rng.chance(50)), secs(rng.between(3, 8))),
        Fault::CutAfterCommit(replica(), rng.between(1, 3)),
        Fault::CutAfterCommit(replica(), rng.between(1, 3)),
        Fault::CutAfterCommit(replica(), rng.between(1, 3)),
        Fault::GridErrors(secs(rng.between(2, 5))),
        Fault::GridHang(secs(rng.between(3, 8))),
        Fault::GridLate(secs(rng.between(5, 10))),
        Fault::GridLostDeletes(rng.between(1, 4)),
        Fault::GridKill(rng.between(1, 3)),
        Fault::SinkDown(secs(rng.between(2, 4))),
        Fault::SinkDrop(1),
        Fault::SiteDown(secs(rng.between(4, 10))),
        Fault::SiteDown(secs(rng.between(4, 10))),
    ];
    if clocks == Time::Wrong {
        const JUMPS: [i64; 5] = [600, -600, -3_600, 86_400, 0];
        for _ in 0..3 {
            deck.push(Fault::ClockJump(replica(), JUMPS[rng.below(JUMPS.len())]));
        }
    }
    rng.shuffle(&mut deck);
    // First, because it takes longest; and so that there is something to be told of it, the site.
    deck.insert(0, Fault::Freeze(replica(), secs(rng.between(26, 36))));
    deck.insert(0, Fault::SiteDown(secs(rng.between(4, 10))));
    deck
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |replica: Option<usize>| replica.map_or("all".to_owned(), |one| format!("r{one}"));
        match *self {
            Self::Kill(one) => write!(f, "kill -9 r{one}"),
            Self::Freeze(one, time) => write!(f, "freeze r{one} for {time:?}"),
            Self::Terminate(one) => write!(f, "terminate r{one}"),
            Self::PgRestart => write!(f, "restart the database"),
            Self::PgCrash => write!(f, "kill -9 the database"),
            Self::PgTerminate(count) => write!(f, "end {count} connections of the database"),
            Self::BlackHole(one, time) => write!(f, "black-hole {} for {time:?}", of(one)),
            Self::Reset(one) => write!(f, "reset the connections of {}", of(one)),
            Self::Latency(one, time) => write!(f, "slow the lines of {} for {time:?}", of(one)),
            Self::CutAfterCommit(one, count) => write!(f, "cut r{one} after {count} commits"),
            Self::GridErrors(time) => write!(f, "no sessions for {time:?}"),
            Self::GridHang(time) => write!(f, "the grid hangs for {time:?}"),
            Self::GridLate(time) => write!(f, "sessions come {time:?} late"),
            Self::GridLostDeletes(count) => write!(f, "{count} ends of sessions are lost"),
            Self::GridKill(count) => write!(f, "{count} sessions end by themselves"),
            Self::SinkDown(time) => write!(f, "the receivers are down for {time:?}"),
            Self::SinkDrop(count) => write!(f, "{count} letters are taken without a word"),
            Self::SiteDown(time) => write!(f, "the site is down for {time:?}"),
            Self::ClockJump(one, offset) => write!(f, "the clock of r{one} jumps to {offset:+} s"),
        }
    }
}
