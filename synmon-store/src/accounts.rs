//! Accounts and mailed tokens.

use async_trait::async_trait;
use sqlx::FromRow;
use synmon_core::{
    OwnerId, Timestamp,
    artifact::ArtifactPrefix,
    notice::Notice,
    store::{
        Account, AccountStore, NewAccount, NewToken, StoreError, TokenHash, TokenLimit,
        TokenPurpose,
    },
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore, collision::despite_collisions, dialect::Dialect, error::store_error,
    guard::Transaction, pruning, sql, stamp::Stamp, wakeups::Wakeup,
};

#[derive(FromRow)]
struct AccountRow {
    id: Uuid,
    name: String,
    email: String,
    password_hash: String,
    confirmed_at: Option<Stamp>,
    created_at: Stamp,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: OwnerId::from_uuid(row.id),
            name: row.name,
            email: row.email,
            password_hash: row.password_hash,
            confirmed_at: row.confirmed_at.map(|stamp| stamp.0),
            created_at: row.created_at.0,
        }
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl AccountStore for Pool {
    async fn register(&self, account: &NewAccount, letter: &Notice) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let changed: Option<Uuid> = sqlx::query_scalar(sql::REGISTER)
            .bind(account.id.uuid())
            .bind(account.name.as_str())
            .bind(account.email.as_str())
            .bind(Account::email_key(&account.email))
            .bind(account.password_hash.as_str())
            .bind(Stamp(account.created_at))
            .bind(Stamp(account.limit.since))
            .bind(i64::from(account.limit.count))
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("account"))?;
        if let Some(id) = changed {
            sqlx::query(sql::END_TOKENS)
                .bind(id)
                .bind(Stamp(account.created_at))
                .execute(&mut *tx)
                .await
                .map_err(store_error("token"))?;
        }
        Pool::put_notice(&mut tx, letter, None).await?;
        tx.commit().await.map_err(store_error("account"))
    }

    async fn account(&self, id: OwnerId) -> Result<Option<Account>, StoreError> {
        let row: Option<AccountRow> = sqlx::query_as(sql::ACCOUNT)
            .bind(id.uuid())
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("account"))?;
        Ok(row.map(Account::from))
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let row: Option<AccountRow> = sqlx::query_as(sql::ACCOUNT_BY_EMAIL)
            .bind(Account::email_key(email))
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("account"))?;
        Ok(row.map(Account::from))
    }

    async fn rename_account(&self, id: OwnerId, name: &str) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let renamed = sqlx::query(sql::RENAME_ACCOUNT)
            .bind(id.uuid())
            .bind(name)
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?;
        if renamed.rows_affected() == 0 {
            return Ok(false);
        }
        Pool::commit_deed(tx, "account", id, None).await?;
        Ok(true)
    }

    async fn upgrade_password(&self, id: OwnerId, old: &str, new: &str) -> Result<(), StoreError> {
        sqlx::query(sql::UPGRADE_PASSWORD)
            .bind(id.uuid())
            .bind(old)
            .bind(new)
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("account"))
    }

    async fn delete_account(&self, id: OwnerId) -> Result<bool, StoreError> {
        self.clear_runs(sql::CLEAR_RUNS_OF_OWNER, id.uuid()).await?;
        for statement in pruning::CLEARED {
            self.clear(statement, id.uuid()).await?;
        }
        despite_collisions(|| self.delete_account_once(id)).await
    }

    async fn prune_unconfirmed(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.prune(pruning::PRUNE_UNCONFIRMED, before, limit).await
    }

    async fn change_password(
        &self,
        id: OwnerId,
        hashes: (&str, &str),
        letter: &Notice,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        despite_collisions(|| self.change_password_once(id, hashes, letter, now)).await
    }

    async fn issue_token(&self, token: &NewToken, limit: TokenLimit) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        // Two at a time must not both count before either adds.
        sqlx::query(sql::LOCK_ACCOUNT)
            .bind(token.account.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?;
        let issued: i64 = sqlx::query_scalar(sql::COUNT_TOKENS)
            .bind(token.account.uuid())
            .bind(token.purpose.as_str())
            .bind(Stamp(limit.since))
            .fetch_one(&mut *tx)
            .await
            .map_err(store_error("token"))?;
        let good: i64 = sqlx::query_scalar(sql::COUNT_GOOD_TOKENS)
            .bind(token.account.uuid())
            .bind(token.purpose.as_str())
            .bind(Stamp(token.created_at))
            .fetch_one(&mut *tx)
            .await
            .map_err(store_error("token"))?;
        if issued >= i64::from(limit.count) && good > 0 {
            return Ok(false);
        }
        sqlx::query(sql::END_TOKENS_FOR)
            .bind(token.account.uuid())
            .bind(token.purpose.as_str())
            .bind(Stamp(token.created_at))
            .execute(&mut *tx)
            .await
            .map_err(store_error("token"))?;
        sqlx::query(sql::INSERT_TOKEN)
            .bind(&token.hash.0[..])
            .bind(token.account.uuid())
            .bind(token.purpose.as_str())
            .bind(Stamp(token.created_at))
            .bind(Stamp(token.expires_at))
            .bind(token.email.as_deref())
            .execute(&mut *tx)
            .await
            .map_err(store_error("token"))?;
        tx.commit().await.map_err(store_error("token"))?;
        Ok(true)
    }

    async fn confirm(
        &self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        match despite_collisions(|| self.confirm_once(token, now)).await {
            // The new address has an account of its own.
            Err(StoreError::Conflict { .. }) => Ok(None),
            settled => settled,
        }
    }

    async fn reset_password(
        &self,
        token: TokenHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        despite_collisions(|| self.reset_password_once(token, password_hash, now)).await
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    async fn delete_account_once(&self, id: OwnerId) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        for statement in [
            sql::DELETE_FLOWS_OF_OWNER,
            sql::DELETE_NOTICES_OF_OWNER,
            sql::DELETE_CHANNELS_OF_OWNER,
            sql::DELETE_SECRETS_OF_OWNER,
            sql::DELETE_QUOTA_USE,
            sql::DELETE_TURN,
            sql::DELETE_STORAGE_USE,
            sql::DELETE_KEYED_REQUESTS_OF_OWNER,
        ] {
            sqlx::query(statement)
                .bind(id.uuid())
                .execute(&mut *tx)
                .await
                .map_err(store_error("account"))?;
        }
        sqlx::query(sql::ADD_TRASH)
            .bind(ArtifactPrefix::owner(id).as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error("trash"))?;
        let deleted = sqlx::query(sql::DELETE_ACCOUNT)
            .bind(id.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?
            .rows_affected();
        if deleted == 0 {
            return Ok(false);
        }
        // Whoever runs one of its flows notices at once that it is gone.
        Pool::wake(&mut tx, Wakeup::CancelRequested).await?;
        tx.commit().await.map_err(store_error("account"))?;
        Ok(true)
    }

    async fn reset_password_once(
        &self,
        token: TokenHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        let mut tx = self.write().await?;
        let spent = Pool::spend(&mut tx, token, TokenPurpose::Reset, now).await?;
        let Some((account, _)) = spent else {
            return Ok(None);
        };
        sqlx::query(sql::SET_PASSWORD)
            .bind(account)
            .bind(password_hash)
            .bind(Stamp(now))
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?;
        Pool::end_all(&mut tx, &[sql::END_SESSIONS, sql::END_TOKENS], account, now).await?;
        let account = OwnerId::from_uuid(account);
        Pool::commit_deed(tx, "account", account, None).await?;
        Ok(Some(account))
    }

    async fn change_password_once(
        &self,
        id: OwnerId,
        (old, new): (&str, &str),
        letter: &Notice,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let changed = sqlx::query(sql::CHANGE_PASSWORD)
            .bind(id.uuid())
            .bind(old)
            .bind(new)
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?
            .rows_affected();
        if changed == 0 {
            return Ok(false);
        }
        Pool::end_all(&mut tx, &[sql::END_SESSIONS, sql::END_TOKENS], id.uuid(), now).await?;
        Pool::put_notice(&mut tx, letter, None).await?;
        Pool::commit_deed(tx, "account", id, None).await?;
        Ok(true)
    }

    async fn confirm_once(
        &self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        let mut tx = self.write().await?;
        let account = match Pool::spend(&mut tx, token, TokenPurpose::Confirm, now).await? {
            Some((account, _)) => account,
            None => match Pool::spend(&mut tx, token, TokenPurpose::ChangeEmail, now).await? {
                Some((account, Some(email))) => {
                    sqlx::query(sql::SET_EMAIL)
                        .bind(account)
                        .bind(email.as_str())
                        .bind(Account::email_key(&email))
                        .execute(&mut *tx)
                        .await
                        .map_err(store_error("account"))?;
                    Pool::end_all(&mut tx, &[sql::END_TOKENS], account, now).await?;
                    account
                }
                _ => return Ok(None),
            },
        };
        sqlx::query(sql::CONFIRM_ACCOUNT)
            .bind(account)
            .bind(Stamp(now))
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?;
        let account = OwnerId::from_uuid(account);
        Pool::commit_deed(tx, "account", account, None).await?;
        Ok(Some(account))
    }

    /// Ends what is an account's, by statements that take the account and the time.
    async fn end_all(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        statements: &[&'static str],
        account: Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for statement in statements {
            sqlx::query(*statement)
                .bind(account)
                .bind(Stamp(now))
                .execute(&mut **tx)
                .await
                .map_err(store_error("session"))?;
        }
        Ok(())
    }

    /// Spends a mailed token; of many that try at once, one gets the account (and the address that
    /// the token is about, if it is about one).
    async fn spend(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        token: TokenHash,
        purpose: TokenPurpose,
        now: Timestamp,
    ) -> Result<Option<(Uuid, Option<String>)>, StoreError> {
        sqlx::query(sql::LOCK_ACCOUNT_OF_TOKEN)
            .bind(&token.0[..])
            .execute(&mut **tx)
            .await
            .map_err(store_error("account"))?;
        sqlx::query_as(sql::SPEND_TOKEN)
            .bind(&token.0[..])
            .bind(purpose.as_str())
            .bind(Stamp(now))
            .fetch_optional(&mut **tx)
            .await
            .map_err(store_error("token"))
    }
}
