//! Typing into an element whose page may move the focus meanwhile.

use synmon_core::{
    browser::{Attempt, BrowserError, NotReady},
    step::{Gesture, Selector},
};

use super::{
    Tab,
    act::{End, Given, finished, perform},
    ready::{Purpose, readied},
};
use crate::page::Target;

/// How often what is missing is typed, or tried to be, after the page has moved the focus away.
const MAX_RESUMED: usize = 5;

/// Types into an element that is ready. Where the page takes the focus away on the way, this gives
/// it back and types what is missing, as a person does who sees it.
pub(super) async fn write(
    tab: &mut impl Tab,
    selector: &Selector,
    mut target: Target,
    text: &str,
    replace: bool,
) -> Result<Attempt, BrowserError> {
    let candidate = target.candidate;
    let all: Vec<char> = text.replace("\r\n", "\n").chars().collect();
    let given = if all.contains(&'\n') { Given::Other } else { Given::Text };
    let mut arrived = 0;
    let mut resumed = 0;
    loop {
        let rest = Gesture::Type {
            text: all[arrived..].iter().collect(),
            replace: replace && arrived == 0,
        };
        let done = perform(tab, &target, &rest).await;
        let mut lacking = match finished(tab, candidate, done, given).await? {
            End::Attempt(Attempt::NotReady(lacking)) => lacking,
            End::Attempt(attempt) => return Ok(attempt),
            End::Strayed(strayed) => {
                let caret = usize::from(target.end);
                arrived = (arrived + strayed.arrived.saturating_sub(caret)).min(all.len());
                NotReady::Unfocused { to: strayed.to }
            }
        };
        if arrived == 0 {
            return Ok(Attempt::NotReady(lacking));
        }
        target = loop {
            resumed += 1;
            if resumed > MAX_RESUMED {
                // Another attempt would write the beginning twice.
                let typed = format!("{lacking}, after {arrived} of {} characters", all.len());
                return Ok(Attempt::Refused(typed));
            }
            match readied(tab, selector, Purpose::TYPING).await? {
                Ok(target) => break target,
                Err(Attempt::NotReady(why)) => lacking = why,
                Err(attempt) => return Ok(attempt),
            }
        };
    }
}
