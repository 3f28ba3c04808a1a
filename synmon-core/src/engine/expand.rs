//! Other flows' steps in the place of the steps that use them.

use crate::{
    FlowId, OwnerId,
    flow::{Flow, FlowSnapshot},
    step::{Action, MAX_STEPS, PartOf, Step, Variables},
    store::{Store, StoreError},
};

/// Why a flow can't be carried out as it is written.
#[derive(Debug)]
pub(super) enum ExpandError {
    /// In words for its owner.
    Invalid(String),
    /// The store could not be asked.
    Store(StoreError),
}

/// The snapshot with other flows' steps in the place of those that use them, numbered anew. One
/// level: a flow that is used uses none itself.
pub(super) async fn expand(
    store: &dyn Store,
    owner: OwnerId,
    mut snapshot: FlowSnapshot,
) -> Result<FlowSnapshot, ExpandError> {
    if !snapshot.steps.iter().any(|step| matches!(step.action, Action::UseFlow(_))) {
        return Ok(snapshot);
    }
    let mut steps = Vec::new();
    for step in snapshot.steps {
        match step.action {
            Action::UseFlow(id) => {
                let (others, variables) = used(store, owner, id, &step).await?;
                steps.extend(others);
                for (name, value) in variables {
                    // What the flow itself gives counts.
                    snapshot.settings.variables.entry(name).or_insert(value);
                }
            }
            _ => steps.push(step),
        }
    }
    if steps.len() > MAX_STEPS {
        let message = format!(
            "with the flows that it uses it has {} steps; {MAX_STEPS} are the most",
            steps.len()
        );
        return Err(ExpandError::Invalid(message));
    }
    snapshot.steps = (1..)
        .zip(steps)
        .map(|(number, step)| {
            let part_of = step.part_of.clone();
            step.moved(number, part_of)
        })
        .collect();
    Ok(snapshot)
}

async fn used(
    store: &dyn Store,
    owner: OwnerId,
    id: FlowId,
    by: &Step,
) -> Result<(Vec<Step>, Variables), ExpandError> {
    let number = by.number;
    let flow = match store.flow(owner, id).await {
        Ok(Some(listed)) => listed.flow,
        Ok(None) => {
            let message = format!("step {number} uses a flow that does not exist any more");
            return Err(ExpandError::Invalid(message));
        }
        Err(error) => return Err(ExpandError::Store(error)),
    };
    let Flow { name, steps, settings, .. } = flow;
    if steps.iter().any(|step| matches!(step.action, Action::UseFlow(_))) {
        let message =
            format!("step {number} uses the flow “{name}”, which itself uses another one");
        return Err(ExpandError::Invalid(message));
    }
    let part_of = |step: &Step| PartOf {
        flow_id: id,
        flow_name: name.as_str().to_owned(),
        number: step.number,
        used_by: number,
    };
    let steps = steps.into_iter().map(|step| {
        let part_of = part_of(&step);
        step.moved(number, Some(part_of))
    });
    Ok((steps.collect(), settings.variables))
}
