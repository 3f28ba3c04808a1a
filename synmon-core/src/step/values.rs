//! What places of texts are filled in with.

use std::{collections::BTreeMap, fmt};

use chrono::SecondsFormat;
use uuid::Uuid;

use super::{Chance, Moment, Placeholder};
use crate::{
    Timestamp,
    secret::{SecretName, SecretValue, Totp},
};

/// The values of a run's variables.
pub type Variables = BTreeMap<String, String>;

/// What the places of a step are filled in with.
#[derive(Clone)]
pub struct Values {
    /// The variables.
    pub variables: Variables,
    /// The secrets that the step names.
    pub secrets: BTreeMap<SecretName, SecretValue>,
    /// The codes of authenticators that it names.
    pub codes: BTreeMap<SecretName, SecretValue>,
    /// What time it is.
    pub now: Timestamp,
    /// What chance has given.
    pub chances: Chances,
}

/// What chance has given for an attempt of a run.
#[derive(Clone, Debug)]
pub struct Chances {
    uuid: Uuid,
    text: String,
    number: u32,
}

impl Chances {
    /// New ones.
    #[must_use]
    pub fn new() -> Self {
        let seed = Uuid::new_v4().as_u128();
        let letter = |at: u32| {
            let part = u8::try_from((seed >> (at * 8)) % 26).unwrap_or(0);
            char::from(b'a' + part)
        };
        // The bytes in which its version and its variant stand are not of chance alone (RFC 9562).
        let text = (0..7).chain(10..15).map(letter).collect();
        let number = 100_000_000 + u32::try_from(seed % 900_000_000).unwrap_or(0);
        Self { uuid: Uuid::new_v4(), text, number }
    }
}

impl Default for Chances {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Values {
    fn default() -> Self {
        Self {
            variables: Variables::new(),
            secrets: BTreeMap::new(),
            codes: BTreeMap::new(),
            now: Timestamp::UNIX_EPOCH,
            chances: Chances::new(),
        }
    }
}

impl Values {
    /// What a place is filled in with.
    pub(crate) fn value(&self, place: &Placeholder) -> Result<String, String> {
        match place {
            Placeholder::Variable(name) => self
                .variables
                .get(name)
                .cloned()
                .ok_or_else(|| format!("the variable {name} has no value")),
            Placeholder::Secret(name) => self
                .secrets
                .get(name)
                .map(|value| value.expose().to_owned())
                .ok_or_else(|| format!("there is no secret {name}")),
            Placeholder::Totp(name) => self
                .codes
                .get(name)
                .map(|code| code.expose().to_owned())
                .ok_or_else(|| format!("there is no secret {name}")),
            Placeholder::Now(moment) => Ok(self.moment(*moment)),
            Placeholder::Random(chance) => Ok(match chance {
                Chance::Email => format!("synmon-{}@example.com", self.chances.text),
                Chance::Uuid => self.chances.uuid.to_string(),
                Chance::Number => self.chances.number.to_string(),
                Chance::Text => self.chances.text.clone(),
            }),
        }
    }

    fn moment(&self, moment: Moment) -> String {
        let now = self.now.datetime();
        match moment {
            Moment::Full => now.to_rfc3339_opts(SecondsFormat::Secs, true),
            Moment::Unix => now.timestamp().to_string(),
            Moment::Date => now.format("%Y-%m-%d").to_string(),
            Moment::Time => now.format("%H:%M:%S").to_string(),
        }
    }

    /// Takes in the code of an authenticator as it is now.
    pub(crate) fn add_code(&mut self, name: &SecretName, totp: &Totp) {
        self.codes.insert(name.clone(), totp.code(self.now));
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        f.debug_struct("Values").field("variables", &names).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::step::template::filled;

    fn fill(values: &Values, text: &str) -> String {
        filled(text, |place| values.value(place)).unwrap()
    }

    #[test]
    fn the_time_is_told_in_utc() {
        let now = Timestamp::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let values = Values { now, ..Values::default() };
        let text = "{{ now }} {{ now.unix }} {{ now.date }} {{ now.time }}";
        assert_eq!(fill(&values, text), "2023-11-14T22:13:20Z 1700000000 2023-11-14 22:13:20");
    }

    #[test]
    fn chance_is_the_same_within_an_attempt_and_another_in_the_next() {
        let (one, other) = (Values::default(), Values::default());
        for name in ["email", "uuid", "number", "text"] {
            let text = format!("{{{{ random.{name} }}}}");
            assert_eq!(fill(&one, &text), fill(&one, &text));
            assert_ne!(fill(&one, &text), fill(&other, &text));
        }
        let text = fill(&one, "{{ random.text }}");
        assert!(text.len() == 12 && text.chars().all(|c| c.is_ascii_lowercase()), "{text}");
        assert_eq!(fill(&one, "{{ random.number }}").len(), 9);
        assert!(fill(&one, "{{ random.email }}").ends_with(&format!("{text}@example.com")));
        assert!(fill(&one, "{{ random.uuid }}").parse::<Uuid>().is_ok());
    }

    #[test]
    fn what_has_no_value_is_named_and_nothing_shows_when_values_are_printed() {
        let name: SecretName = "KEY".parse().unwrap();
        let mut values = Values::default();
        let missing = filled("{{ secret.KEY }}", |place| values.value(place)).unwrap_err();
        assert!(missing.contains("KEY"), "{missing}");
        values.secrets.insert(name, SecretValue::new("hunter2".to_owned()));
        assert_eq!(fill(&values, "Bearer {{ secret.KEY }}"), "Bearer hunter2");
        assert!(!format!("{values:?}").contains("hunter2"));
    }
}
