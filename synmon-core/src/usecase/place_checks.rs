//! Whether the places of a flow's texts can be filled in, as far as can be told when it is saved.

use super::{Flows, UseCaseError, flow_checks::Places};
use crate::{
    flow::{Flow, placeholders},
    invalid::Invalid,
    nearest,
    step::{NO_SECRET_HERE, Placeholder, RawStep, Reading, check_variables, template},
};

/// What is to be checked.
#[derive(Clone, Copy)]
pub(super) struct Changed {
    pub(super) steps: bool,
    pub(super) settings: bool,
}

impl Flows {
    pub(super) async fn check_places(
        &self,
        flow: &Flow,
        places: &Places<'_>,
        changed: Changed,
    ) -> Result<Vec<Result<(), Invalid>>, UseCaseError> {
        let mut readings = Vec::new();
        if changed.steps {
            for step in &flow.steps {
                readings.extend(step.readings().into_iter().map(|(field, reading)| {
                    let takes_secrets = step.takes_secrets(field);
                    (places.field(step.number, field), reading, takes_secrets)
                }));
            }
        }
        if changed.settings {
            let settings = placeholders::readings(flow.settings.written()).into_iter();
            readings.extend(
                settings.map(|(field, reading)| (format!("settings.{field}"), reading, true)),
            );
        }
        let mut known = Vec::new();
        if readings.iter().any(|(_, reading, _)| reading.is_secret()) {
            let secrets = self.secrets.secrets(flow.owner).await?;
            known.extend(secrets.into_iter().map(|secret| secret.name.to_string()));
        }
        let given = &flow.settings.variables;
        let mut checks = Vec::new();
        if changed.settings {
            checks.push(check_password(flow));
        }
        for (field, reading, takes_secrets) in readings {
            let problem = match &reading {
                Reading::Unknown(why) => Some(why.clone()),
                Reading::Place(Placeholder::Secret(_) | Placeholder::Totp(_)) if !takes_secrets => {
                    Some(NO_SECRET_HERE.to_owned())
                }
                Reading::Place(Placeholder::Secret(name) | Placeholder::Totp(name)) => {
                    no_secret(name.as_str(), &known)
                }
                // Of a step, `parse_steps_given` has said it.
                Reading::Place(Placeholder::Variable(name))
                    if field.starts_with("settings.") && !given.contains_key(name) =>
                {
                    Some(format!("`variables` gives no {name}"))
                }
                Reading::Place(_) | Reading::Braces | Reading::Foreign => None,
            };
            checks.push(problem.map_or(Ok(()), |problem| Err(Invalid::field(field, problem))));
        }
        if changed.settings && !changed.steps {
            checks.push(check_given(flow));
        }
        Ok(checks)
    }
}

fn no_secret(name: &str, known: &[String]) -> Option<String> {
    if known.iter().any(|known| known == name) {
        return None;
    }
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let remedy = match nearest::of(name, &names) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("PUT it to /api/v1/secrets/{name} first"),
    };
    Some(format!("there is no secret {name}: {remedy}"))
}

/// No answer shows a password of the settings: nobody would see that it is kept as it is written.
fn check_password(flow: &Flow) -> Result<(), Invalid> {
    let auth = flow.settings.written().basic_auth.as_ref();
    let password = auth.and_then(|auth| auth.password.as_deref()).unwrap_or_default();
    if password.is_empty() || template::readings(password).iter().any(Reading::is_secret) {
        return Ok(());
    }
    let message =
        "belongs into a secret: PUT it to /api/v1/secrets/NAME, and write {{ secret.NAME }} here";
    Err(Invalid::field("settings.basic_auth.password", message))
}

/// Steps that were stored before need the variables that settings gave then.
fn check_given(flow: &Flow) -> Result<(), Invalid> {
    let raw: Vec<RawStep> = flow.steps.iter().map(RawStep::from).collect();
    check_variables(&raw, &flow.settings.variables).map_err(|invalid| {
        let told =
            invalid.errors().iter().map(|error| format!("{}: {}", error.field, error.message));
        Invalid::field("settings.variables", told.collect::<Vec<_>>().join("; "))
    })
}
