//! What every step may say, whatever it does.

use std::time::Duration;

use super::{
    MAX_STEP_TIMEOUT, MIN_STEP_TIMEOUT, OnFailure, ScreenshotPolicy, Selector,
    fields::{Fields, parse_candidates},
};
use crate::invalid::{Invalid, check_text};

const MAX_NAME_CHARS: usize = 200;
/// How often a step may be tried again.
pub const MAX_RETRIES: i64 = 5;
/// How many elements a step may hide in its picture.
pub const MAX_MASKS: usize = 20;

/// What every step may say, whatever it does.
pub(super) struct Options {
    pub(super) timeout: Option<Duration>,
    pub(super) on_failure: OnFailure,
    pub(super) always: bool,
    pub(super) screenshot: ScreenshotPolicy,
    pub(super) mask: Vec<Selector>,
    pub(super) retries: u32,
}

impl Fields<'_> {
    pub(super) fn name(&self) -> Result<Option<String>, Invalid> {
        let Some(name) = &self.raw.name else { return Ok(None) };
        check_text("name", name, MAX_NAME_CHARS)?;
        Ok(Some(name.clone()))
    }

    pub(super) fn options(&self) -> Result<Options, Invalid> {
        let raw = self.raw;
        let timeout = self.timeout();
        let on_failure = Self::choice("on_failure", raw.on_failure.as_deref());
        let screenshot = Self::choice("screenshot", raw.screenshot.as_deref());
        let mask = self.mask();
        let retries = self.retries();
        Invalid::all([
            timeout.as_ref().map(|_| ()).map_err(Clone::clone),
            on_failure.as_ref().map(|_: &Option<OnFailure>| ()).map_err(Clone::clone),
            screenshot.as_ref().map(|_: &Option<ScreenshotPolicy>| ()).map_err(Clone::clone),
            mask.as_ref().map(|_| ()).map_err(Clone::clone),
            retries.as_ref().map(|_| ()).map_err(Clone::clone),
        ])?;
        Ok(Options {
            timeout: timeout?,
            on_failure: on_failure?.unwrap_or_default(),
            always: raw.always.unwrap_or(false),
            screenshot: screenshot?.unwrap_or_default(),
            mask: mask?,
            retries: retries?,
        })
    }

    fn mask(&self) -> Result<Vec<Selector>, Invalid> {
        let masks = self.raw.mask.as_deref().unwrap_or_default();
        if masks.len() > MAX_MASKS {
            return Err(Invalid::field("mask", format_args!("{MAX_MASKS} of them at most")));
        }
        parse_candidates("mask", masks)?
            .into_iter()
            .map(|one| Selector::of(vec![one]).map_err(|error| Invalid::field("mask", error)))
            .collect()
    }

    fn retries(&self) -> Result<u32, Invalid> {
        let retries = self.raw.retries.unwrap_or(0);
        u32::try_from(retries).ok().filter(|_| retries <= MAX_RETRIES).ok_or_else(|| {
            Invalid::field("retries", format_args!("must be from 0 to {MAX_RETRIES}"))
        })
    }

    fn timeout(&self) -> Result<Option<Duration>, Invalid> {
        let Some(millis) = self.raw.timeout_ms else {
            return Ok(None);
        };
        parse_step_timeout("timeout_ms", millis).map(Some)
    }
}

/// Reads how long a step may take.
pub(crate) fn parse_step_timeout(field: &str, millis: i64) -> Result<Duration, Invalid> {
    u64::try_from(millis)
        .ok()
        .map(Duration::from_millis)
        .filter(|limit| (MIN_STEP_TIMEOUT..=MAX_STEP_TIMEOUT).contains(limit))
        .ok_or_else(|| {
            let (min, max) = (MIN_STEP_TIMEOUT.as_millis(), MAX_STEP_TIMEOUT.as_millis());
            Invalid::field(field, format_args!("must be from {min} to {max}"))
        })
}
