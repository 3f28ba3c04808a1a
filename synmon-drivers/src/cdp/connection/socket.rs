//! The tasks that read and write the socket.

use futures_util::{SinkExt as _, StreamExt as _, stream::SplitStream};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Message, Utf8Bytes, protocol::WebSocketConfig},
};

use super::{
    CallError, Event, Line, Listener, SessionId,
    message::{self, Incoming},
};

/// The largest message that is read: a picture in base64.
const MAX_MESSAGE: usize = 32 << 20;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(super) async fn connect(url: &str) -> Result<Socket, String> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let (socket, _) = connect_async_with_config(url, Some(config), true)
        .await
        .map_err(|error| error.to_string())?;
    Ok(socket)
}

/// Reads and writes until the browser or the [`Connection`](super::Connection) is gone.
pub(super) async fn serve(
    socket: Socket,
    mut orders: mpsc::UnboundedReceiver<Utf8Bytes>,
    line: Line,
    mut listener: impl Listener,
    dropped: oneshot::Receiver<()>,
) {
    let (mut sink, mut stream) = socket.split();
    // Two halves: a browser that does not read must not keep us from reading.
    let write = async {
        while let Some(text) = orders.recv().await {
            if sink.feed(Message::Text(text)).await.is_err() {
                return;
            }
            // What else is to be sent goes with the same packet.
            while let Ok(text) = orders.try_recv() {
                if sink.feed(Message::Text(text)).await.is_err() {
                    return;
                }
            }
            if sink.flush().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = write => {}
        () = read(&mut stream, &line, &mut listener) => {}
        _ = dropped => {}
    }
    line.close();
    listener.closed();
}

async fn read(stream: &mut SplitStream<Socket>, line: &Line, listener: &mut impl Listener) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        // What can't be read is skipped: browsers say more with each version.
        let Some(incoming) = message::read(text.as_str()) else { continue };
        match incoming {
            Incoming { id: Some(id), error: Some(refusal), .. } => {
                line.answered(id, Err(refusal.into()));
            }
            Incoming { id: Some(id), result, .. } => line.answered(id, Ok(result)),
            Incoming { method: Some(method), session_id, params, .. } => {
                heard(&Event { method, session: session_id, params }, line, listener);
            }
            _ => {}
        }
    }
}

fn heard(event: &Event, line: &Line, listener: &mut impl Listener) {
    match (event.method.as_str(), &event.session) {
        ("Inspector.targetCrashed", Some(session)) => {
            line.fail_session(session, &CallError::Crashed);
        }
        ("Target.detachedFromTarget", _) => {
            line.fail_session(&SessionId::from(event.text("/sessionId")), &CallError::Gone);
        }
        _ => {}
    }
    listener.event(event, line);
}
