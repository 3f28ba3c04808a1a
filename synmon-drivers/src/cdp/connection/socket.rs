//! The tasks that read and write the socket.

use futures_util::{SinkExt as _, StreamExt as _, stream::SplitStream};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Error, Message, Utf8Bytes, protocol::WebSocketConfig},
};

use super::{
    CallError, Event, Line, Listener, SessionId,
    message::{self, Incoming, MAX_MESSAGE},
};

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
    let why = tokio::select! {
        () = write => CallError::closed(),
        why = read(&mut stream, &line, &mut listener) => why,
        _ = dropped => CallError::closed(),
    };
    line.close(&why);
    listener.closed();
}

/// Reads until nothing more is to be read, and says why.
async fn read(
    stream: &mut SplitStream<Socket>,
    line: &Line,
    listener: &mut impl Listener,
) -> CallError {
    loop {
        let message = match stream.next().await {
            Some(Ok(message)) => message,
            Some(Err(Error::Capacity(_))) => return CallError::TooMuch,
            _ => return CallError::closed(),
        };
        let Message::Text(text) = message else { continue };
        // What can't be read is skipped: browsers say more with each version.
        let Some(incoming) = message::read(text.as_str()) else { continue };
        match incoming {
            Incoming { id: Some(id), error: Some(refusal), .. } => {
                line.answered(id, Err(refusal.into()));
            }
            Incoming { id: Some(id), result, .. } => line.answered(id, Ok(result)),
            Incoming { method: Some(method), session_id, params, .. } => {
                let size = text.len();
                heard(&Event { method, session: session_id, size, params }, line, listener);
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
