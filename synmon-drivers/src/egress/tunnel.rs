//! Bytes both ways, which are none of our business.

use std::sync::Arc;

use tokio::{
    io::{AsyncRead, AsyncWrite, copy_bidirectional},
    sync::OwnedSemaphorePermit,
    time::timeout,
};

use super::{dial::Shared, limits::TUNNEL};

/// Carries bytes until one side ends, or the guard does.
pub(super) async fn tunnel(
    mut browser: impl AsyncRead + AsyncWrite + Unpin,
    mut site: impl AsyncRead + AsyncWrite + Unpin,
    shared: Arc<Shared>,
    place: Arc<OwnedSemaphorePermit>,
) {
    let mut alive = shared.alive.clone();
    tokio::select! {
        // How it ends is told to both sides by their connections' ends.
        _ = timeout(TUNNEL, copy_bidirectional(&mut browser, &mut site)) => {}
        _ = alive.changed() => {}
    }
    drop(place);
}
