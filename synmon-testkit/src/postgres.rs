//! A throw-away PostgreSQL server, gone with its test process: one that all tests of the process share,
//! or one that a test has for itself.
//!
//! A shell stands guard over the server and waits for the end of a pipe whose other end only this
//! process holds. However the process ends, killed or not, the pipe ends with it, and the guard
//! stops the server and removes its files.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Begins the server, says where it is, does what standard input tells it line by line, and ends the
/// server when that ends. It must not run as root, and does not care for the signals that a terminal
/// sends to all.
const GUARD: &str = r#"
trap '' INT TERM HUP PIPE
bin="$1" port="$2" commit="$3"
dir=$(mktemp -d "${TMPDIR:-/tmp}/synmon-pg.XXXXXX") || exit 1
cd "$dir" || exit 1
"$bin/initdb" -D data -U synmon -A trust -E UTF8 --locale=C --no-sync >log 2>&1 || { cat log >&2; rm -rf "$dir"; exit 1; }
begin() {
    "$bin/postgres" -D data -k "$dir" -p "$port" -c listen_addresses=127.0.0.1 -c max_connections=400 \
        -c fsync=off -c synchronous_commit="$commit" -c full_page_writes="$commit" \
        -c shared_buffers=32MB -c autovacuum=off >>log 2>&1 </dev/null &
    pid=$!
    until "$bin/pg_isready" -q -h "$dir" -p "$port"; do
        kill -0 $pid 2>/dev/null || return 1
        sleep 0.05
    done
}
begin || { cat log >&2; rm -rf "$dir"; exit 1; }
exec 2>/dev/null
echo "ready"
while read -r order; do
    case "$order" in
        restart) kill -INT $pid ;;
        crash) kill -KILL $pid ;;
    esac
    wait $pid
    # Those who worked for the server that is gone hold its memory until they have noticed.
    tries=0
    until begin; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || break
        sleep 0.1
    done
    echo "ready"
done
exec >/dev/null
kill -QUIT $pid
wait $pid
cd /
rm -rf "$dir"
"#;

/// Finds the folder of PostgreSQL's programs, the newest first.
const FIND: &str = r#"
for dir in $(dirname "$(command -v postgres)" 2>/dev/null) $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
    if [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ] && [ -x "$dir/psql" ]; then echo "$dir"; exit 0; fi
done
exit 1
"#;

const HOW_TO_GET_IT: &str = "the tests on PostgreSQL need its programs: `apt-get install postgresql` (or put initdb, \
     postgres and psql into PATH); see CONTRIBUTING.md";

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    bin: String,
    port: u16,
    databases: AtomicU32,
    guard: Mutex<Guard>,
}

/// Who stands guard over a server.
#[derive(Debug)]
struct Guard {
    _shell: Child,
    /// Its end tells the guard to stop the server.
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What becomes of commits when the server is killed.
#[derive(Clone, Copy)]
enum Commits {
    /// The last ones may be lost, which is faster.
    Fast,
    /// They are kept.
    Kept,
}

impl Postgres {
    /// The server of this process, which is started at the first call. Without PostgreSQL's
    /// programs: none, with a word on how to get them; where `CI` is set, that is a failure.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(|| Self::installed(Commits::Fast)).as_ref()
    }

    /// A server of the caller's own, which may be restarted and crashed: what was committed stays.
    pub fn own() -> Option<Self> {
        Self::installed(Commits::Kept)
    }

    fn installed(commits: Commits) -> Option<Self> {
        let Some(bin) = programs() else {
            assert!(!in_ci(), "{HOW_TO_GET_IT}");
            eprintln!("SKIPPED: {HOW_TO_GET_IT}");
            return None;
        };
        Some(start(&bin, commits))
    }

    /// Restarts it as `pg_ctl restart -m fast` does: connections are cut, nothing is lost.
    pub fn restart(&self) {
        self.order("restart");
    }

    /// Kills it (SIGKILL to the postmaster) and starts it again, which recovers from its log.
    pub fn crash(&self) {
        self.order("crash");
    }

    /// Has the guard do something, and waits until the server is there again.
    fn order(&self, order: &str) {
        let mut guard = self.guard.lock().unwrap();
        writeln!(guard.orders, "{order}").unwrap();
        let mut line = String::new();
        guard.answers.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready", "after {order}");
    }

    /// The port of 127.0.0.1 that it listens at.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database and returns its url.
    pub fn empty_database(&self) -> String {
        let name = self.next_name();
        self.execute(&format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Makes a database as `template` is, the url of a database that nobody is connected to.
    pub fn copy_of(&self, template: &str) -> String {
        let template = template.rsplit('/').next().unwrap();
        let name = self.next_name();
        self.execute(&format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"));
        self.url(&name)
    }

    fn next_name(&self) -> String {
        format!("synmon_{}", self.databases.fetch_add(1, Ordering::Relaxed))
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://synmon@127.0.0.1:{}/{database}", self.port)
    }

    fn execute(&self, statement: &str) {
        self.execute_on(&self.url("postgres"), statement);
    }

    /// Carries a statement out on the database of this url, behind everybody's back.
    pub fn execute_on(&self, url: &str, statement: &str) {
        let output = Command::new(format!("{}/psql", self.bin))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, url])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statement}: {errors}");
    }

    /// All that is in the database of this url, as a backup would have it.
    pub fn dump(&self, url: &str) -> Vec<u8> {
        let output = Command::new(format!("{}/pg_dump", self.bin)).arg(url).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

impl Commits {
    /// Of `synchronous_commit`, and of `full_page_writes`.
    fn setting(self) -> &'static str {
        match self {
            Self::Fast => "off",
            Self::Kept => "on",
        }
    }
}

fn programs() -> Option<String> {
    let output = Command::new("sh").args(["-c", FIND]).output().ok()?;
    let bin = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !bin.is_empty()).then_some(bin)
}

fn start(bin: &str, commits: Commits) -> Postgres {
    // Between asking for a free port and using it somebody else may take it: then another.
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = guard_command()
            .args(["-c", GUARD, "guard", bin, &port.to_string(), commits.setting()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        if line.trim() == "ready" {
            let databases = AtomicU32::new(0);
            let guard = Mutex::new(Guard { _shell: child, orders, answers });
            return Postgres { bin: bin.to_owned(), port, databases, guard };
        }
        // It has said on standard error why not.
        child.wait().unwrap();
    }
    panic!("PostgreSQL does not start");
}

/// A shell in a session of its own; as an ordinary user, because PostgreSQL refuses to be root.
fn guard_command() -> Command {
    let id = Command::new("id").arg("-u").output().unwrap();
    let mut command = Command::new("setsid");
    if id.stdout.trim_ascii() == b"0" {
        let is_user = |name: &str| {
            Command::new("id").arg(name).output().is_ok_and(|output| output.status.success())
        };
        let user = if is_user("postgres") { "postgres" } else { "nobody" };
        command.args(["setpriv", "--reuid", user, "--regid"]);
        let group = Command::new("id").args(["-gn", user]).output().unwrap().stdout;
        command.arg(String::from_utf8(group).unwrap().trim()).args(["--clear-groups", "--"]);
    }
    command.arg("sh").current_dir("/").env_remove("TMPDIR");
    command
}

#[expect(clippy::disallowed_methods, reason = "a test that can't run is loud where CI is set")]
fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}
