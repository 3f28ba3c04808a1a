#![doc = include_str!("../README.md")]

#[cfg(feature = "email")]
pub mod email;
