//! How often somebody may try to log in.

use synmon_core::{OwnerId, store::Account};
use tracing::debug;

use super::{AccountError, Accounts, LimitError, Limited};
use crate::visit::{Visit, network_of};

/// What was counted of a log-in.
pub(super) struct Tries {
    /// Whether it is counted as a wrong one of its address, until it proves right.
    as_wrong: bool,
}

impl Accounts {
    /// However many try to get into an account, or come from the same address, those come through
    /// who come from where somebody has logged in to it before. What is refused costs no hash.
    pub(super) async fn admit_log_in(
        &self,
        visit: &Visit,
        email: &str,
        account: Option<&Account>,
    ) -> Result<Tries, AccountError> {
        let (network, key) = (network_of(visit.address), Account::email_key(email));
        let refused = self.limits.refused(Limited::LogIn, &network).await?;
        let tries = Tries { as_wrong: refused.is_none() };
        let refused = match refused {
            None => self.limits.refused(Limited::LogInAccount, key.as_bytes()).await?,
            refused => refused,
        };
        let admitted = match refused {
            Some(refused) => self.admit_known(&network, account, refused).await,
            None => Ok(()),
        };
        let admitted = match admitted {
            Ok(()) => self.limits.admit(Limited::LogIns, &network).await.map_err(Into::into),
            refused => refused,
        };
        match admitted {
            Ok(()) => Ok(tries),
            Err(error) => {
                self.not_wrong(&network, tries).await;
                Err(error)
            }
        }
    }

    /// Counts a log-in no more among the wrong ones of its address, unless it was one.
    pub(super) async fn settle_tries<T>(
        &self,
        visit: &Visit,
        tries: Tries,
        settled: &Result<T, AccountError>,
    ) {
        if !matches!(settled, Err(AccountError::WrongCredentials)) {
            self.not_wrong(&network_of(visit.address), tries).await;
        }
    }

    /// A stranger who shares an address with somebody has a rate there that is not the account's.
    async fn admit_known(
        &self,
        network: &[u8],
        account: Option<&Account>,
        refused: LimitError,
    ) -> Result<(), AccountError> {
        // Where there is no account, looking takes as long.
        let id = account.map_or_else(|| OwnerId::new(self.clock.now()), |account| account.id);
        let known = self.sessions.addresses_of(id).await?;
        if !known.into_iter().any(|address| network_of(address) == network) {
            return Err(refused.into());
        }
        let who = [id.uuid().as_bytes(), network].concat();
        Ok(self.limits.admit(Limited::LogInKnown, &who).await?)
    }

    /// What can't be given back is counted once too often, no more.
    async fn not_wrong(&self, network: &[u8], tries: Tries) {
        if tries.as_wrong
            && let Err(error) = self.limits.give_back(Limited::LogIn, network).await
        {
            debug!("A log-in stays counted: {error}");
        }
    }
}
