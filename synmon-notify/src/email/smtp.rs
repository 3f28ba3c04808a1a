//! Hands mails over to an SMTP server.

use std::time::Duration;

use lettre::{
    Message,
    transport::smtp::{
        Error,
        authentication::DEFAULT_MECHANISMS,
        client::{AsyncSmtpConnection, Tls},
        extension::Extension,
    },
};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{Dispatch, instrument::WithSubscriber};

use super::{errors::SendError, smtp_url::SmtpServer};

/// How long a server may take to say goodbye. The mail is its already.
const GOODBYE: Duration = Duration::from_secs(1);
/// What is kept of a server's answer, in characters.
const MAX_ANSWER: usize = 300;

/// Sends a mail before `deadline`.
///
/// Each mail has a connection of its own, not one of lettre's pool: a send that is cut off there
/// leaves a connection in the middle of a dialogue, which the pool hands out again or waits for
/// without a limit. Here it is dropped.
pub(super) async fn send(
    server: &SmtpServer,
    mail: &Message,
    (deadline, limit): (Instant, Duration),
) -> Result<(), SendError> {
    // lettre logs the whole dialogue at DEBUG, password and mail included: it gets no subscriber.
    let talk = talk(server, mail, limit).with_subscriber(Dispatch::none());
    let mut connection =
        timeout_at(deadline, talk).await.map_err(|_| SendError::TimedOut(limit))??;
    // It is sent. Whether the server also says goodbye must not make it look as if it were not.
    let goodbye = async move { connection.quit().await }.with_subscriber(Dispatch::none());
    let _ = timeout(GOODBYE, goodbye).await;
    Ok(())
}

async fn talk(
    server: &SmtpServer,
    mail: &Message,
    limit: Duration,
) -> Result<AsyncSmtpConnection, SendError> {
    // Whatever the server says before it hears of the mail is not about the mail.
    let mut connection =
        connect(server, limit).await.map_err(|error| SendError::NotNow(answer(&error, mail)))?;
    let plain = mail.envelope().to().iter().all(|to| to.to_string().is_ascii());
    if !plain && !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        return Err(SendError::NotAscii);
    }
    match connection.send(mail.envelope(), &mail.formatted()).await {
        Ok(_) => Ok(connection),
        Err(error) if error.is_permanent() && !asks_for_login(&error) => {
            Err(SendError::Refused(answer(&error, mail)))
        }
        Err(error) => Err(SendError::NotNow(answer(&error, mail))),
    }
}

async fn connect(server: &SmtpServer, limit: Duration) -> Result<AsyncSmtpConnection, Error> {
    let wrapper = match &server.tls {
        Tls::Wrapper(parameters) => Some(parameters.clone()),
        _ => None,
    };
    // A host may have several addresses; one that does not answer must not use up all the time.
    let each = Some(limit / 3);
    let address = (server.host.as_str(), server.port);
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(address, each, &server.hello, wrapper, None).await?;
    match &server.tls {
        Tls::Required(parameters) => {
            connection.starttls(parameters.clone(), &server.hello).await?;
        }
        Tls::Opportunistic(parameters) if connection.can_starttls() => {
            connection.starttls(parameters.clone(), &server.hello).await?;
        }
        _ => {}
    }
    if let Some(credentials) = &server.credentials {
        connection.auth(DEFAULT_MECHANISMS, credentials).await?;
    }
    Ok(connection)
}

/// Whether the server wants a login first: that is for the settings to mend, not the mail's fault.
fn asks_for_login(error: &Error) -> bool {
    error.status().is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538))
}

/// What went wrong, without the recipient's address, which servers like to repeat: it gets logged.
fn answer(error: &Error, mail: &Message) -> String {
    let mut text = error.to_string();
    for to in mail.envelope().to() {
        text = text.replace(&to.to_string(), "(the recipient)");
    }
    super::clean::line(&text, MAX_ANSWER)
}
