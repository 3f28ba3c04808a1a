//! What form fields hold: written, emptied, chosen, ticked.

use serde_json::json;
use synmon_core::browser::NotReady;

use super::{
    Failure, Input, Tab,
    act::Done,
    ask::change,
    keys::{self, DELETE, END},
};
use crate::page::{self, Target, Writing};

/// How many characters are typed one by one. What is longer is inserted as from a clipboard: a key
/// costs about two milliseconds.
const TYPED_ONE_BY_ONE: usize = 256;

/// Writes after what the field holds, or in its place.
pub(super) async fn write(
    tab: &mut impl Tab,
    target: &Target,
    text: &str,
    replace: bool,
) -> Result<Done, Failure> {
    if target.how == Some(Writing::Set) {
        return set(tab, text).await;
    }
    if replace && text.is_empty() {
        return empty(tab, target).await;
    }
    if replace {
        // What is marked goes with the first key.
        let _: Option<bool> = change(tab, &page::MARK, json!([])).await?;
    } else if target.end {
        tab.input(stroke(END)).await?;
    }
    let chars = keys::typed(text).unwrap_or_default();
    let first = chars.len().min(TYPED_ONE_BY_ONE);
    tab.input(Input::Keys(keys::strokes(chars[..first].iter().copied()))).await?;
    if chars.len() > first {
        let folded = text.replace("\r\n", "\n");
        tab.input(Input::Text(folded.chars().skip(first).collect())).await?;
    }
    Ok(Done::Yes)
}

/// Empties a field as a person does: marks all, and presses Delete.
pub(super) async fn empty(tab: &mut impl Tab, target: &Target) -> Result<Done, Failure> {
    if target.how == Some(Writing::Set) {
        return set(tab, "").await;
    }
    if change(tab, &page::MARK, json!([])).await? == Some(true) {
        tab.input(stroke(DELETE)).await?;
    }
    Ok(Done::Yes)
}

async fn set(tab: &mut impl Tab, text: &str) -> Result<Done, Failure> {
    let held: Option<String> = change(tab, &page::SET, json!([text])).await?;
    Ok(match held {
        Some(held) if held != text => Done::Never(format!(
            "this field can't hold it: write dates as 2024-12-31, times as 23:59, colours as \
             #00ff00; it would hold “{held}”"
        )),
        _ => Done::Yes,
    })
}

/// Chooses an option of a `<select>`.
pub(super) async fn choose(tab: &mut impl Tab, option: &str) -> Result<Done, Failure> {
    let chosen: Option<bool> = change(tab, &page::SELECT, json!([option])).await?;
    Ok(match chosen {
        Some(false) => Done::NotYet(NotReady::NoSuchOption),
        _ => Done::Yes,
    })
}

/// Whether the box that was pressed is as it should be; a page that has left for it, too, has
/// understood.
pub(super) async fn is_ticked(tab: &mut impl Tab, wanted: bool) -> Result<bool, Failure> {
    match change::<Option<bool>>(tab, &page::TICKED, json!([])).await {
        Ok(Some(ticked)) => Ok(ticked == Some(wanted)),
        Ok(None) | Err(Failure::Stale | Failure::NoFrame) => Ok(true),
        Err(failure) => Err(failure),
    }
}

fn stroke(key: char) -> Input {
    Input::Keys(keys::strokes([key].into_iter()))
}
