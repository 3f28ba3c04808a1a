//! What pictures need to know of the page, and what they must not show.

use serde_json::{Value, json};
use synmon_core::{browser::BrowserError, secret::SecretValue, step::Selector};

use super::{
    Failure, Tab,
    ask::{Where, ask},
    candidates,
};
use crate::page::{self, Located, Masked, Size};

/// Paints over what the selectors find, in the tab's outermost frame and in the one where steps
/// act. Whoever calls it calls [`unmask`] afterwards, whatever came of it.
pub(crate) async fn mask(tab: &mut impl Tab, mask: &[Selector]) -> Result<(), BrowserError> {
    let args = mask_args(mask, &[]);
    for place in places(tab) {
        match ask(tab, *place, &page::MASK, args.clone()).await {
            // Nobody has asked yet whether it was torn.
            Ok(Masked::Whole | Masked::Torn) | Err(Failure::NoFrame) => {}
            Ok(Masked::Invalid { why }) => return Err(BrowserError::SelectorInvalid(why)),
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(())
}

/// What [`page::MASK`] is asked: to paint over what these find, and what shows these texts.
pub(crate) fn mask_args(mask: &[Selector], conceal: &[SecretValue]) -> Value {
    let selectors: Vec<Value> = mask.iter().map(candidates).collect();
    let texts: Vec<&str> = conceal.iter().map(SecretValue::expose).collect();
    json!([selectors, texts])
}

/// Uncovers what [`mask`] has painted over. A page that can't be asked any more has no picture
/// taken of it, either.
pub(crate) async fn unmask(tab: &mut impl Tab) {
    for place in places(tab) {
        let _: Result<Masked, _> = ask(tab, *place, &page::UNMASK, json!([])).await;
    }
}

/// Where an element of the frame is where steps act.
pub(crate) async fn locate(
    tab: &mut impl Tab,
    selector: &Selector,
) -> Result<Located, BrowserError> {
    match ask(tab, Where::Here, &page::BOX, json!([candidates(selector)])).await {
        Err(Failure::NoFrame) => Ok(Located::Missing),
        answer => Ok(answer?),
    }
}

/// How large the tab's page is.
pub(crate) async fn page_size(tab: &mut impl Tab) -> Result<Size, BrowserError> {
    Ok(ask(tab, Where::Outermost, &page::SIZE, json!([])).await?)
}

/// Where there may be something to paint over.
fn places(tab: &impl Tab) -> &'static [Where] {
    if tab.is_outermost() { &[Where::Outermost] } else { &[Where::Outermost, Where::Here] }
}
