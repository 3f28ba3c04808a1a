//! I6, I8 and I9: nothing is left, nothing is told that is secret, and nobody dies.

use super::{Breach, Evidence, breach};
use crate::world::grid::Ended;

/// I6: every session is given back by whoever had it. Only for a replica that was killed, the
/// endpoint's own time limit has to do it.
pub(super) fn no_session_is_left(evidence: &Evidence) -> Vec<Breach> {
    let sessions = evidence.sessions.iter();
    let left = sessions.filter(|session| {
        let open_or_idle = matches!(session.ended, None | Some(Ended::Idle));
        open_or_idle && !session.given_back && !evidence.killed.contains(&session.replica)
    });
    left.map(|session| {
        breach("I6", format!("{} never ended its session `{}`", session.replica, session.name))
    })
    .collect()
}

/// I8: no log tells a secret.
pub(super) fn no_secret_is_told(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (replica, log) in evidence.logs.iter().enumerate() {
        for (what, secret) in &evidence.secrets {
            if let Some(line) = log.lines().find(|line| line.contains(secret.as_str())) {
                let line = line.replace(secret.as_str(), "…");
                breaches.push(breach("I8", format!("r{replica} has logged the {what}: {line}")));
            }
        }
    }
    breaches
}

/// I9: no replica ends but those that the test has ended, and nothing panics.
pub(super) fn nobody_dies(evidence: &Evidence) -> Vec<Breach> {
    let mut breaches: Vec<Breach> =
        evidence.offences.iter().map(|offence| breach("I9", offence)).collect();
    for (replica, log) in evidence.logs.iter().enumerate() {
        for line in log.lines().filter(|line| line.contains("panicked")) {
            breaches.push(breach("I9", format!("r{replica}: {line}")));
        }
    }
    breaches
}
