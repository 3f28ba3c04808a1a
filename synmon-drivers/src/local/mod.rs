//! A chromedriver and its browser on this machine: started, watched, ended, and nothing left.

mod folder;
mod guard;
mod process;
mod scan;

pub(crate) use folder::sweep;
pub(crate) use process::LocalDriver;
