//! The secrets of a run: opened for the step that needs them, and kept out of all it leaves behind.

use std::{collections::BTreeSet, time::Duration};

use tokio::task::spawn_blocking;
use tracing::error;

use super::{Parts, retry::persist};
use crate::{
    OwnerId,
    flow::FlowSettings,
    run::ErrorCode,
    secret::{
        OpenError, Place, Redactor, SecretName, SecretValue, StoredSecret, Totp, shown_forms,
    },
    step::{Chances, Placeholder, Values, Variables},
    store::StoreError,
};

/// The code of an authenticator that is over sooner than this is not typed any more: the next one
/// is waited for.
const CODE_MARGIN: Duration = Duration::from_secs(2);

/// The secrets of one attempt of a run.
pub(super) struct RunSecrets<'a> {
    parts: &'a Parts,
    /// Whose run it is: whoever wrote the steps, his secrets are used and nobody else's.
    owner: OwnerId,
    redactor: Redactor,
    /// What the site has been given.
    given: Vec<SecretValue>,
    /// The same in the forms in which a page may show it.
    shown: Vec<SecretValue>,
    chances: Chances,
}

/// Why a value can't be had, in words for the owner.
pub(super) type Unavailable = (ErrorCode, String);

impl<'a> RunSecrets<'a> {
    pub(super) fn new(parts: &'a Parts, owner: OwnerId) -> Self {
        Self {
            parts,
            owner,
            redactor: Redactor::default(),
            given: Vec::new(),
            shown: Vec::new(),
            chances: Chances::new(),
        }
    }

    /// Learns all that the owner keeps, to take it out of logs: a site may show what it was given
    /// by another flow.
    pub(super) async fn learn(&mut self) -> Result<(), StoreError> {
        let (parts, owner) = (self.parts, self.owner);
        let kept = persist(parts, "secrets", || parts.store.secrets(owner)).await?;
        for secret in kept {
            // One that can't be opened was not given to any site either, as long as that is so.
            if let Ok(value) = self.open(&secret) {
                self.redactor.add(&Placeholder::Secret(secret.name).written(), &value);
            }
        }
        if !self.redactor.is_empty() {
            self.prepare().await;
        }
        Ok(())
    }

    /// Makes ready to look for all that is known, while others have their turn.
    async fn prepare(&mut self) {
        let mut redactor = self.redactor.clone();
        let prepared = spawn_blocking(move || {
            redactor.prepare();
            redactor
        });
        // One that is not ready finds the same, only later.
        if let Ok(prepared) = prepared.await {
            self.redactor = prepared;
        }
    }

    /// The settings with their places filled in.
    pub(super) async fn settings(
        &mut self,
        settings: &FlowSettings,
    ) -> Result<FlowSettings, Unavailable> {
        let places = settings.places();
        if places.is_empty() {
            return Ok(settings.clone());
        }
        let values = self.values(&places, &settings.variables).await?;
        settings.filled(&values).map_err(|invalid| {
            let message = format!("with their values, the settings can't be used: {invalid}");
            (ErrorCode::FlowInvalid, message)
        })
    }

    /// What these places are filled in with, asked for anew each time.
    pub(super) async fn values(
        &mut self,
        places: &[Placeholder],
        variables: &Variables,
    ) -> Result<Values, Unavailable> {
        let clock = &*self.parts.clock;
        let mut values = Values {
            variables: variables.clone(),
            now: clock.now(),
            chances: self.chances.clone(),
            ..Values::default()
        };
        for place in places.iter().collect::<BTreeSet<_>>() {
            match place {
                Placeholder::Secret(name) => {
                    let value = self.value(name).await?;
                    self.give(&value);
                    values.secrets.insert(name.clone(), value);
                }
                Placeholder::Totp(name) => {
                    let value = self.value(name).await?;
                    let totp = Totp::parse(&value).map_err(|why| {
                        (ErrorCode::FlowInvalid, format!("the secret {name} {why}"))
                    })?;
                    let left = totp.valid_for(values.now);
                    if left < CODE_MARGIN {
                        clock.sleep(left).await;
                        values.now = clock.now();
                    }
                    values.add_code(name, &totp);
                    if let Some(code) = values.codes.get(name) {
                        self.redactor.add(&place.written(), code);
                        self.give(code);
                    }
                }
                Placeholder::Variable(_) | Placeholder::Now(_) | Placeholder::Random(_) => {}
            }
        }
        if self.redactor.is_behind() {
            self.prepare().await;
        }
        Ok(values)
    }

    /// The value of a secret as it is now.
    async fn value(&mut self, name: &SecretName) -> Result<SecretValue, Unavailable> {
        let (parts, owner) = (self.parts, self.owner);
        let asked = persist(parts, "a secret", || parts.store.secret(owner, name)).await;
        let secret = match asked {
            Ok(Some(secret)) => secret,
            Ok(None) => {
                let message = format!(
                    "there is no secret {name} any more: PUT it to /api/v1/secrets/{name}, or \
                     take it out of the flow"
                );
                return Err((ErrorCode::FlowInvalid, message));
            }
            Err(why) => {
                error!("A secret can't be asked for: {why}");
                let message = format!("the secret {name} could not be asked for");
                return Err((ErrorCode::Internal, message));
            }
        };
        let value = self.open(&secret).map_err(|why| {
            error!(owner = %owner, "The secret {name} can't be opened: {why}");
            (ErrorCode::Internal, format!("the secret {name} can't be opened: {why}"))
        })?;
        self.redactor.add(&Placeholder::Secret(name.clone()).written(), &value);
        Ok(value)
    }

    fn open(&self, secret: &StoredSecret) -> Result<SecretValue, OpenError> {
        let place = Place::Secret { owner: self.owner, name: &secret.name };
        self.parts.keyring.open(place, &secret.sealed)
    }

    /// From now on the site knows it, and may show it.
    fn give(&mut self, value: &SecretValue) {
        if !self.given.contains(value) {
            self.given.push(value.clone());
            self.shown.extend(shown_forms(value));
        }
    }

    /// What pictures must not show, in all its forms.
    pub(super) fn shown(&self) -> &[SecretValue] {
        &self.shown
    }

    /// What takes the secrets out of texts.
    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}
