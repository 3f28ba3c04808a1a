//! The one way to a database, on which nobody waits for ever.
//!
//! A server that is cut off without a word answers nothing and ends no connection. So each
//! statement has a limit, and so has each return of a connection to its pool, which `sqlx` makes
//! without one: a connection that did not answer is dropped, and its place in the pool is free.

use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Connection, Database, Describe, Either, Error, Execute, Executor, Pool, SqlStr,
    error::DatabaseError,
    pool::{PoolConnection, PoolOptions},
};
use tokio::{
    runtime::Handle,
    sync::Mutex,
    time::{Interval, MissedTickBehavior, error::Elapsed, interval, timeout},
};

/// How long a statement may take: longer than the server itself lets it run.
const ANSWER_LIMIT: Duration = Duration::from_secs(12);
/// How long a caller waits for a connection, be it that all are in use, be it that the server
/// can't be reached.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(5);
/// How often somebody tries to connect to a database that is out of reach.
const KNOCK_PERIOD: Duration = Duration::from_secs(1);
/// How long an idle connection may take to say that it lives.
const PING_LIMIT: Duration = Duration::from_secs(2);
/// How long a connection may take to be ready for its next user.
const RETURN_LIMIT: Duration = Duration::from_secs(5);

/// Connections to a database, each statement on which ends within a limit.
pub(crate) struct Guarded<Db: Database> {
    pool: Pool<Db>,
    door: Arc<Door>,
}

/// Who knocks at a database that is out of reach: one a second, while the others wait for what it
/// finds. So a process that gets no connection does not try without a pause, however many want one.
struct Door {
    shut: AtomicBool,
    knocks: Mutex<Interval>,
}

impl Door {
    fn open() -> Self {
        let mut knocks = interval(KNOCK_PERIOD);
        knocks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { shut: AtomicBool::new(false), knocks: Mutex::new(knocks) }
    }

    fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Relaxed)
    }
}

impl<Db: Database> Clone for Guarded<Db> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), door: Arc::clone(&self.door) }
    }
}

impl<Db: Database> fmt::Debug for Guarded<Db> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pool.fmt(f)
    }
}

impl<Db: Database> Guarded<Db> {
    /// A pool that connects when it is first asked.
    pub(crate) fn lazy(
        max_connections: u32,
        options: <Db::Connection as Connection>::Options,
    ) -> Self {
        let pool = PoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_LIMIT)
            // Instead of the pool's own test, which has no limit.
            .test_before_acquire(false)
            .before_acquire(|connection: &mut Db::Connection, _| {
                Box::pin(
                    async move { answered(PING_LIMIT, connection.ping()).await.map(|()| true) },
                )
            })
            .connect_lazy_with(options);
        Self { pool, door: Arc::new(Door::open()) }
    }

    /// A pool of its own to the same database.
    pub(crate) fn sibling(&self, max_connections: u32) -> Self {
        Self::lazy(max_connections, (*self.pool.connect_options()).clone())
    }

    /// The pool itself, for what brings limits of its own.
    pub(crate) fn pool(&self) -> &Pool<Db> {
        &self.pool
    }

    /// A connection, or [`Error::PoolTimedOut`].
    async fn lend(&self) -> Result<Lent<Db>, Error> {
        let acquired = timeout(ACQUIRE_LIMIT, self.acquire()).await;
        let acquired = acquired.unwrap_or(Err(Error::PoolTimedOut));
        // Where there are connections, they are only all in use.
        let out_of_reach = acquired.is_err() && self.pool.size() == 0;
        self.door.shut.store(out_of_reach, Ordering::Relaxed);
        acquired.map(Lent::new)
    }

    async fn acquire(&self) -> Result<PoolConnection<Db>, Error> {
        if !self.door.is_shut() {
            return self.pool.acquire().await;
        }
        let mut knocks = self.door.knocks.lock().await;
        if self.door.is_shut() {
            knocks.tick().await;
        }
        let acquired = self.pool.acquire().await;
        if acquired.is_ok() {
            // Before the next one's turn, who need not knock then.
            self.door.shut.store(false, Ordering::Relaxed);
        }
        acquired
    }
}

impl<Db: Database> Guarded<Db>
where
    for<'c> &'c mut Db::Connection: Executor<'c, Database = Db>,
{
    /// Begins a transaction.
    pub(crate) async fn begin(
        &self,
        statement: &'static str,
    ) -> Result<Transaction<'static, Db>, Error> {
        let mut lent = self.lend().await?;
        // Even if nobody waits for the answer, it may have begun.
        lent.rollback = Some(|connection| {
            Box::pin(async move { connection.execute("ROLLBACK").await.map(|_| ()) })
        });
        let mut transaction = Transaction { lent, scope: PhantomData };
        transaction.execute_alone(statement).await?;
        Ok(transaction)
    }
}

/// What is answered within a limit, or an error.
pub(crate) async fn answered<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(limit, answer).await.unwrap_or_else(|_| Err(no_answer(limit)))
}

fn no_answer(limit: Duration) -> Error {
    let why = format!("the database did not answer within {limit:?}");
    Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, why))
}

/// Whether a PostgreSQL server has refused to write.
fn is_of_a_standby<T>(answer: Result<&T, &Error>) -> bool {
    let cause = answer.err().and_then(Error::as_database_error);
    cause.and_then(DatabaseError::code).is_some_and(|code| code == "25006")
}

type Rollback<Db> =
    for<'c> fn(&'c mut <Db as Database>::Connection) -> BoxFuture<'c, Result<(), Error>>;

/// A connection in somebody's hands; it goes back to its pool by itself, if it still answers.
pub(crate) struct Lent<Db: Database> {
    /// None once it has not answered in time.
    connection: Option<PoolConnection<Db>>,
    /// What ends a transaction that is open.
    rollback: Option<Rollback<Db>>,
    /// It leads to a server that writes nothing (any more): another connection may lead to one
    /// that does.
    leads_to_a_standby: bool,
}

impl<Db: Database> Lent<Db> {
    fn new(connection: PoolConnection<Db>) -> Self {
        Self { connection: Some(connection), rollback: None, leads_to_a_standby: false }
    }

    fn connection(&mut self) -> Result<&mut Db::Connection, Error> {
        match &mut self.connection {
            Some(connection) => Ok(&mut **connection),
            None => Err(Error::Io(std::io::ErrorKind::NotConnected.into())),
        }
    }

    /// Takes note of an answer, and gives the connection up if there was none in time.
    fn heard<T>(&mut self, answer: Result<T, Elapsed>) -> Result<T, Error> {
        answer.map_err(|_| {
            if let Some(connection) = self.connection.take() {
                drop(connection.detach());
            }
            no_answer(ANSWER_LIMIT)
        })
    }
}

impl<Db: Database> Drop for Lent<Db> {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let runtime = match Handle::try_current() {
            Ok(runtime) if !self.leads_to_a_standby => runtime,
            _ => return drop(connection.detach()),
        };
        let rollback = self.rollback.take();
        runtime.spawn(async move {
            if let Some(rollback) = rollback
                && answered(RETURN_LIMIT, rollback(&mut connection)).await.is_err()
            {
                drop(connection.detach());
                return;
            }
            // Not left to the connection's own Drop, whose test may last for ever. What does not
            // end in time is dropped, and the connection with it.
            let _ = timeout(RETURN_LIMIT, connection.return_to_pool()).await;
        });
    }
}

/// A transaction, which is rolled back unless it is committed.
pub(crate) struct Transaction<'c, Db: Database> {
    lent: Lent<Db>,
    scope: PhantomData<&'c mut ()>,
}

impl<Db: Database> Transaction<'_, Db>
where
    for<'c> &'c mut Db::Connection: Executor<'c, Database = Db>,
{
    /// Commits it. After an error nobody knows whether it was.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        self.execute_alone("COMMIT").await?;
        self.lent.rollback = None;
        Ok(())
    }

    async fn execute_alone(&mut self, statement: &'static str) -> Result<(), Error> {
        (&mut self.lent).execute(SqlStr::from_static(statement)).await.map(|_| ())
    }
}

impl<Db: Database> Deref for Transaction<'_, Db> {
    type Target = Lent<Db>;

    fn deref(&self) -> &Lent<Db> {
        &self.lent
    }
}

impl<Db: Database> DerefMut for Transaction<'_, Db> {
    fn deref_mut(&mut self) -> &mut Lent<Db> {
        &mut self.lent
    }
}

impl<Db: Database> fmt::Debug for Lent<Db> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").finish_non_exhaustive()
    }
}

/// A row, or at a statement's end how many rows it was about.
type Outcome<Db> = Result<Either<<Db as Database>::QueryResult, <Db as Database>::Row>, Error>;

impl<Db: Database> Lent<Db>
where
    for<'c> &'c mut Db::Connection: Executor<'c, Database = Db>,
{
    async fn many<'q, E: 'q + Execute<'q, Db>>(
        &mut self,
        query: E,
    ) -> Result<Vec<Outcome<Db>>, Error> {
        let results = self.connection()?.fetch_many(query).collect();
        let results = timeout(ANSWER_LIMIT, results).await;
        let results: Vec<Outcome<Db>> = self.heard(results)?;
        self.leads_to_a_standby |= results.iter().any(|result| is_of_a_standby(result.as_ref()));
        Ok(results)
    }

    async fn optional<'q, E: 'q + Execute<'q, Db>>(
        &mut self,
        query: E,
    ) -> Result<Option<Db::Row>, Error> {
        let row = timeout(ANSWER_LIMIT, self.connection()?.fetch_optional(query)).await;
        let row = self.heard(row)?;
        self.leads_to_a_standby |= is_of_a_standby(row.as_ref());
        row
    }

    async fn prepared(
        &mut self,
        sql: SqlStr,
        parameters: &[Db::TypeInfo],
    ) -> Result<Db::Statement, Error> {
        let statement = self.connection()?.prepare_with(sql, parameters);
        let statement = timeout(ANSWER_LIMIT, statement).await;
        self.heard(statement)?
    }

    async fn described(&mut self, sql: SqlStr) -> Result<Describe<Db>, Error> {
        let described = timeout(ANSWER_LIMIT, self.connection()?.describe(sql)).await;
        self.heard(described)?
    }
}

fn streamed<'e, Db: Database>(
    results: impl Future<Output = Result<Vec<Outcome<Db>>, Error>> + Send + 'e,
) -> BoxStream<'e, Outcome<Db>> {
    let results =
        results.map(|results| stream::iter(results.unwrap_or_else(|error| vec![Err(error)])));
    results.flatten_stream().boxed()
}

/// Statements in a transaction.
impl<'c, Db: Database> Executor<'c> for &'c mut Lent<Db>
where
    for<'l> &'l mut Db::Connection: Executor<'l, Database = Db>,
{
    type Database = Db;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Outcome<Db>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Db>,
    {
        streamed::<Db>(self.many(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<Db::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Db>,
    {
        self.optional(query).boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [Db::TypeInfo],
    ) -> BoxFuture<'e, Result<Db::Statement, Error>>
    where
        'c: 'e,
    {
        self.prepared(sql, parameters).boxed()
    }

    #[doc(hidden)]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Db>, Error>>
    where
        'c: 'e,
    {
        async move { self.described(sql).await }.boxed()
    }
}

/// Statements on their own.
impl<'p, Db: Database> Executor<'p> for &'p Guarded<Db>
where
    for<'l> &'l mut Db::Connection: Executor<'l, Database = Db>,
{
    type Database = Db;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Outcome<Db>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Db>,
    {
        streamed::<Db>(async move { self.lend().await?.many(query).await })
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<Db::Row>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Db>,
    {
        async move { self.lend().await?.optional(query).await }.boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [Db::TypeInfo],
    ) -> BoxFuture<'e, Result<Db::Statement, Error>>
    where
        'p: 'e,
    {
        async move { self.lend().await?.prepared(sql, parameters).await }.boxed()
    }

    #[doc(hidden)]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Db>, Error>>
    where
        'p: 'e,
    {
        async move { self.lend().await?.described(sql).await }.boxed()
    }
}
