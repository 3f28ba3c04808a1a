//! What clients have asked for, and what they were told: one line of JSON each.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// The machine's time, which is the database's too.
#[expect(clippy::disallowed_methods, reason = "the test is judge of the product's clock")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// What a flow watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Watch {
    /// The site that always works.
    Well,
    /// The same, but it takes its time.
    Slow,
    /// The site that is down at times.
    Shaky,
}

/// When its owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Policy {
    EveryFailure,
    OnChange,
}

/// How its owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToldBy {
    Mail,
    Webhook,
}

/// How a flow is made.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Draft {
    /// No two attempts to make a flow have the same.
    pub(crate) name: String,
    pub(crate) watch: Watch,
    pub(crate) policy: Policy,
    pub(crate) told_by: ToldBy,
}

/// What was asked for.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum Op {
    CreateFlow {
        draft: Draft,
        flow: Option<Uuid>,
    },
    SetSteps {
        flow: Uuid,
    },
    SetActive {
        flow: Uuid,
        active: bool,
    },
    Spread {
        flow: Uuid,
        seconds: u64,
    },
    Rename {
        flow: Uuid,
        name: String,
    },
    Delete {
        flow: Uuid,
    },
    StartRun {
        flow: Uuid,
        run: Option<Uuid>,
    },
    Cancel {
        run: Uuid,
    },
    /// Somebody else's row was asked for.
    Peek {
        path: String,
    },
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It was acknowledged.
    Ok,
    /// It was refused.
    Fail,
    /// Nobody knows: no answer, or that something went wrong.
    Unknown,
}

/// One request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
    pub(crate) owner: usize,
    #[serde(flatten)]
    pub(crate) op: Op,
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
}

/// All requests so far, in memory and in a file.
#[derive(Clone)]
pub(crate) struct History(Arc<Mutex<(File, Vec<Entry>)>>);

impl History {
    pub(crate) fn in_file(path: &Path) -> Self {
        Self(Arc::new(Mutex::new((File::create(path).unwrap(), Vec::new()))))
    }

    pub(crate) fn add(&self, entry: Entry) {
        let mut kept = self.0.lock().unwrap();
        writeln!(kept.0, "{}", serde_json::to_string(&entry).unwrap()).unwrap();
        kept.1.push(entry);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap().1.clone()
    }
}
