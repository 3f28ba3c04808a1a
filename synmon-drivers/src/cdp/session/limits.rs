//! How long the browser may take.

use std::time::Duration;

/// What loads a page: a step may take a minute, so the engine cuts first.
pub(crate) const LOAD: Duration = Duration::from_secs(70);
/// All else: a page that loads or is busy may make it wait just as long.
pub(crate) const COMMAND: Duration = LOAD;
/// Taking a picture.
pub(crate) const PICTURE: Duration = Duration::from_secs(10);
/// Getting what was last drawn.
pub(crate) const LAST_FRAME: Duration = Duration::from_secs(3);
/// Asking whether it is alive.
pub(crate) const PROBE: Duration = Duration::from_secs(2);
/// Stopping a script.
pub(crate) const INTERRUPT: Duration = Duration::from_secs(1);
/// Making a tab, or putting it away.
pub(crate) const PREPARE: Duration = Duration::from_secs(10);
/// How long a navigation that a page has asked for may take to begin: some never do, because
/// another program is to open the address.
pub(crate) const BEGIN: Duration = Duration::from_millis(300);
/// How long the browser's own page about an error may take to come.
pub(crate) const ERROR_PAGE: Duration = Duration::from_secs(2);
