//! From the flat form to checked steps.

use std::{collections::BTreeSet, str::FromStr, time::Duration};

use super::{Action, ActionName, RawStep, Step, Variables, fields::Fields, template, written};
use crate::{
    invalid::{FieldError, Invalid},
    nearest,
};

/// How many steps a flow may have.
pub const MAX_STEPS: usize = 100;
/// How long a step's `content` may be, in characters.
pub const MAX_CONTENT_CHARS: usize = 10_000;
/// How long a step may take where it does not say.
pub const DEFAULT_STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// The shortest time a step may be given.
pub const MIN_STEP_TIMEOUT: Duration = Duration::from_millis(100);
/// The longest time a step may be given.
pub const MAX_STEP_TIMEOUT: Duration = Duration::from_mins(1);

/// Checks steps and sorts them by number. The numbers must be 1..n without a gap or a repeat.
///
/// Fields are named by their place in what was sent, such as `steps[2].selector_xpath`.
///
/// # Errors
/// Every field that is wrong.
pub fn parse_steps(raw: &[RawStep]) -> Result<Vec<Step>, Invalid> {
    parse_steps_given(raw, &Variables::new())
}

/// As [`parse_steps`], for steps that may name variables which are given beforehand.
///
/// # Errors
/// Every field that is wrong.
pub fn parse_steps_given(raw: &[RawStep], given: &Variables) -> Result<Vec<Step>, Invalid> {
    parse(raw, || check_variables(raw, given))
}

/// Reads steps that were checked when they were stored. Whether their variables are known was said
/// then: that depends on settings, too.
///
/// # Errors
/// Every field that is wrong.
pub fn read_steps(raw: &[RawStep]) -> Result<Vec<Step>, Invalid> {
    parse(raw, || Ok(()))
}

fn parse(
    raw: &[RawStep],
    check_variables: impl FnOnce() -> Result<(), Invalid>,
) -> Result<Vec<Step>, Invalid> {
    if raw.len() > MAX_STEPS {
        return Err(Invalid::field(
            "steps",
            format_args!("there are {} of them; a flow has at most {MAX_STEPS}", raw.len()),
        ));
    }
    let mut steps = Vec::with_capacity(raw.len());
    let mut checks = vec![check_numbers(raw)];
    for (index, step) in raw.iter().enumerate() {
        match parse_step(step) {
            Ok(step) => steps.push(step),
            Err(invalid) => checks.push(Err(invalid.under(&format!("steps[{index}]")))),
        }
    }
    checks.push(check_variables());
    Invalid::all(checks)?;
    steps.sort_by_key(|step| step.number);
    Ok(steps)
}

fn check_numbers(raw: &[RawStep]) -> Result<(), Invalid> {
    let mut seen = vec![false; raw.len()];
    for (index, step) in raw.iter().enumerate() {
        let field = || format!("steps[{index}].number");
        let place = usize::try_from(step.number)
            .ok()
            .and_then(|number| number.checked_sub(1))
            .filter(|&place| place < raw.len())
            .ok_or_else(|| {
                Invalid::field(
                    field(),
                    format_args!("must be from 1 to {}, without a gap", raw.len()),
                )
            })?;
        if std::mem::replace(&mut seen[place], true) {
            return Err(Invalid::field(
                field(),
                format_args!(
                    "{} is there twice; the numbers must be 1 to {}",
                    step.number,
                    raw.len()
                ),
            ));
        }
    }
    Ok(())
}

/// A variable must be given by the settings, or have been extracted by a step before the one that
/// names it. Another flow's steps may do that, too: after one that uses a flow nothing is known for
/// sure.
pub(crate) fn check_variables(raw: &[RawStep], given: &Variables) -> Result<(), Invalid> {
    let mut order: Vec<usize> = (0..raw.len()).collect();
    order.sort_by_key(|&index| raw[index].number);
    let mut known: BTreeSet<&str> = given.keys().map(String::as_str).collect();
    let mut checks = Vec::new();
    for index in order {
        let step = &raw[index];
        if step.action == ActionName::UseFlow.as_str() {
            break;
        }
        for (field, name) in written::variables(step) {
            if !known.contains(&*name) {
                let field = format!("steps[{index}].{field}");
                let known: Vec<&str> = known.iter().copied().collect();
                let meant = nearest::of(&name, &known)
                    .map(|near| format!("; did you mean {near}?"))
                    .unwrap_or_default();
                let message = format!(
                    "no step before this one extracts the variable {name}, and the settings give \
                     none of that name{meant}"
                );
                checks.push(Err(Invalid::field(field, message)));
            }
        }
        known.extend(step.variable.as_deref());
    }
    Invalid::all(checks)
}

fn parse_step(raw: &RawStep) -> Result<Step, Invalid> {
    let name = action_name(raw)?;
    let raw = &written::normalised(raw, name);
    let fields = Fields { raw, action: name };
    let sampled = match name {
        ActionName::Navigate => template::sampled_address,
        _ => template::sampled,
    };
    let action = written::with_values(raw, |_, text| Ok(sampled(text)))
        .and_then(|sampled| parse_action(&sampled));
    let options = fields.options();
    let written_name = fields.name();
    Invalid::all([
        written_name.as_ref().map(|_| ()).map_err(Clone::clone),
        options.as_ref().map(|_| ()).map_err(Clone::clone),
        action.as_ref().map(|_| ()).map_err(Clone::clone),
    ])?;
    let options = options?;
    Ok(Step {
        // `check_numbers` reports a number that is out of range; it never gets any further.
        number: u32::try_from(raw.number).unwrap_or(0),
        name: written_name?,
        action: action?,
        timeout: options.timeout,
        on_failure: options.on_failure,
        always: options.always,
        screenshot: options.screenshot,
        mask: options.mask,
        retries: options.retries,
        part_of: None,
        written: raw.clone(),
    })
}

/// What a step does, by its fields.
pub(super) fn parse_action(raw: &RawStep) -> Result<Action, Invalid> {
    Fields { raw, action: action_name(raw)? }.action()
}

fn action_name(raw: &RawStep) -> Result<ActionName, Invalid> {
    ActionName::from_str(&raw.action).map_err(|()| unknown_action(&raw.action))
}

fn unknown_action(text: &str) -> Invalid {
    let names: Vec<&str> = ActionName::ALL.iter().map(|name| name.as_str()).collect();
    let message = match nearest::of(text, &names) {
        Some(near) => format!("there is no such action; did you mean {near}?"),
        None => format!("there is no such action; there are {}", names.join(", ")),
    };
    Invalid::from(FieldError { field: "action".to_owned(), message })
}
