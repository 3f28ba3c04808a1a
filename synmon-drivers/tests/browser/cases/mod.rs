//! What every browser must do, as functions over `&dyn Browser`: one topic a file.

pub(crate) mod actions;
pub(crate) mod dialogs;
pub(crate) mod fields;
pub(crate) mod navigation;
pub(crate) mod readiness;
pub(crate) mod selectors;
pub(crate) mod trouble;
pub(crate) mod windows;
