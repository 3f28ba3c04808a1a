//! The texts of mails.

use std::{fs, path::Path};

use serde::Serialize;
use tera::{Context, Tera};

use super::{clean, errors::TemplateError};

/// The kinds of mails, each with a folder of templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    RunFailed,
    RunStillFailing,
    RunRecovered,
    RunsDigest,
    FlowPaused,
    ChannelTest,
    ChannelDisabled,
    LettersUsedUp,
    Confirm,
    ConfirmChannel,
    AlreadyRegistered,
    ResetPassword,
    ChangeEmail,
    EmailChanging,
    PasswordChanged,
}

/// A mail's text.
#[derive(Debug)]
pub(super) struct Rendered {
    /// One line.
    pub(super) subject: String,
    /// Plain text.
    pub(super) text: String,
    /// The same as HTML.
    pub(super) html: String,
}

/// The templates, those of the settings in the place of the embedded ones.
pub(super) struct Templates {
    tera: Tera,
}

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        /// The embedded templates, by name. `.html` makes tera escape what it fills in.
        const EMBEDDED: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/email/", $name)),
        )),+];
    };
}

embedded!(
    "layout.html",
    "failure.txt",
    "failure.html",
    "run_failed/subject.txt",
    "run_failed/body.txt",
    "run_failed/body.html",
    "run_still_failing/subject.txt",
    "run_still_failing/body.txt",
    "run_still_failing/body.html",
    "run_recovered/subject.txt",
    "run_recovered/body.txt",
    "run_recovered/body.html",
    "runs_digest/subject.txt",
    "runs_digest/body.txt",
    "runs_digest/body.html",
    "flow_paused/subject.txt",
    "flow_paused/body.txt",
    "flow_paused/body.html",
    "channel_test/subject.txt",
    "channel_test/body.txt",
    "channel_test/body.html",
    "channel_disabled/subject.txt",
    "channel_disabled/body.txt",
    "channel_disabled/body.html",
    "letters_used_up/subject.txt",
    "letters_used_up/body.txt",
    "letters_used_up/body.html",
    "confirm/subject.txt",
    "confirm/body.txt",
    "confirm/body.html",
    "confirm_channel/subject.txt",
    "confirm_channel/body.txt",
    "confirm_channel/body.html",
    "already_registered/subject.txt",
    "already_registered/body.txt",
    "already_registered/body.html",
    "reset_password/subject.txt",
    "reset_password/body.txt",
    "reset_password/body.html",
    "change_email/subject.txt",
    "change_email/body.txt",
    "change_email/body.html",
    "email_changing/subject.txt",
    "email_changing/body.txt",
    "email_changing/body.html",
    "password_changed/subject.txt",
    "password_changed/body.txt",
    "password_changed/body.html",
);

impl Kind {
    fn folder(self) -> &'static str {
        match self {
            Self::RunFailed => "run_failed",
            Self::RunStillFailing => "run_still_failing",
            Self::RunRecovered => "run_recovered",
            Self::RunsDigest => "runs_digest",
            Self::FlowPaused => "flow_paused",
            Self::ChannelTest => "channel_test",
            Self::ChannelDisabled => "channel_disabled",
            Self::LettersUsedUp => "letters_used_up",
            Self::Confirm => "confirm",
            Self::ConfirmChannel => "confirm_channel",
            Self::AlreadyRegistered => "already_registered",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
            Self::EmailChanging => "email_changing",
            Self::PasswordChanged => "password_changed",
        }
    }

    /// The name of one of its templates.
    pub(super) fn template(self, file: &str) -> String {
        format!("{}/{file}", self.folder())
    }

    /// Whether the letter is useless without its link.
    pub(super) fn lives_of_its_link(self) -> bool {
        matches!(
            self,
            Self::Confirm | Self::ConfirmChannel | Self::ResetPassword | Self::ChangeEmail
        )
    }
}

impl Templates {
    /// The embedded templates, and those of a folder in their places.
    pub(super) fn load(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut tera = Tera::default();
        tera.add_raw_templates(EMBEDDED.iter().copied()).map_err(parse_error)?;
        if let Some(folder) = folder {
            tera.add_raw_templates(replacements(folder)?).map_err(parse_error)?;
        }
        Ok(Self { tera })
    }

    /// A mail's text.
    pub(super) fn render(
        &self,
        kind: Kind,
        view: &impl Serialize,
    ) -> Result<Rendered, TemplateError> {
        let part = |file| {
            let name = kind.template(file);
            let rendered = Context::from_serialize(view)
                .and_then(|context| self.tera.render(&name, &context))
                .map_err(|source| TemplateError::Render {
                    name: name.clone(),
                    source: source.into(),
                })?;
            match rendered.trim() {
                "" => Err(TemplateError::Empty(name)),
                _ => Ok(rendered),
            }
        };
        Ok(Rendered {
            subject: clean::line(&part("subject.txt")?, clean::SUBJECT),
            text: part("body.txt")?,
            html: part("body.html")?,
        })
    }
}

/// The files of a folder, by the names of the templates whose places they take.
fn replacements(folder: &Path) -> Result<Vec<(String, String)>, TemplateError> {
    let mut found = Vec::new();
    for path in files(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if !EMBEDDED.iter().any(|(known, _)| *known == name) {
            let known = EMBEDDED.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            return Err(TemplateError::Unknown { path, known });
        }
        match fs::read_to_string(&path) {
            Ok(content) => found.push((name, content)),
            Err(source) => return Err(TemplateError::Read { path, source }),
        }
    }
    Ok(found)
}

/// The files of a folder that look like templates, and those of its folders.
fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>, TemplateError> {
    let failed = |source| TemplateError::Read { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|ext| ext == "txt" || ext == "html") {
            files.push(path);
        }
    }
    Ok(files)
}

fn parse_error(error: tera::Error) -> TemplateError {
    TemplateError::Parse(error.into())
}
