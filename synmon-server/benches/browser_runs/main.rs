//! synmon's part in the benchmark of whole runs, which `scripts/bench` starts: an engine over SQLite
//! and a folder of pictures, with a real browser. What it measures beside it, and how, is said in
//! `benches/browser-runs/README.md`.
#![expect(clippy::unwrap_used, reason = "what does not hold ends the benchmark")]

mod browsers;
mod contender;
mod family;
mod timed;

use std::{
    io::{BufRead as _, Write as _},
    net::SocketAddr,
    num::NonZeroUsize,
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use synmon_server::{config::LogFormat, telemetry::start_logging};
use tokio::runtime::Runtime;

use browsers::Engine;
use contender::Contender;

/// What `scripts/bench` asks for.
#[derive(Parser)]
enum Wish {
    /// Carries out runs as the standard input says, one answer a line.
    Contend(Place),
    /// Starts a program, and takes in the processes that it leaves behind until it ends.
    Family {
        /// The program and its arguments.
        #[arg(trailing_var_arg = true, required = true)]
        command: Vec<String>,
    },
}

/// Where the runs happen.
#[derive(clap::Args)]
struct Place {
    /// What the runs happen in.
    #[arg(long)]
    engine: Engine,
    /// Where the pages are served.
    #[arg(long)]
    site: SocketAddr,
    /// Where the database and the pictures are kept.
    #[arg(long)]
    data: PathBuf,
    /// Where browsers have their folders; a short path.
    #[arg(long)]
    browsers: PathBuf,
    /// How many runs may go on at a time.
    #[arg(long)]
    at_a_time: NonZeroUsize,
}

fn main() -> ExitCode {
    // Cargo adds a flag of its own.
    let arguments: Vec<_> = std::env::args().filter(|argument| argument != "--bench").collect();
    if arguments.len() < 2 {
        println!("This is measured beside its peers: scripts/bench --help");
        return ExitCode::SUCCESS;
    }
    match Wish::parse_from(arguments) {
        Wish::Contend(place) => {
            contend(&place);
            ExitCode::SUCCESS
        }
        Wish::Family { command } => family::run(&command),
    }
}

/// One answer for each line: all contenders speak this way, so that one can be measured after the
/// other while all of them are there.
fn contend(place: &Place) {
    start_logging(LogFormat::Text, None);
    let runtime = Runtime::new().unwrap();
    let contender = runtime.block_on(Contender::start(place));
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words[..] {
            ["run", page, folder] => runtime.block_on(contender.run(page, folder.as_ref())),
            ["many", page, count] => runtime.block_on(contender.many(page, count.parse().unwrap())),
            _ => panic!("what is {line}?"),
        };
        println!("{answer}");
        std::io::stdout().flush().unwrap();
    }
    runtime.block_on(contender.stop());
}
