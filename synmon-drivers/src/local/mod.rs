//! A chromedriver and its browser on this machine: started, watched, ended, and nothing left.

mod folder;
mod guard;
mod process;
mod scan;

pub(crate) use folder::{check_length, sweep};
pub(crate) use process::LocalDriver;
