//! A real SMTP server for tests: aiosmtpd, as a child process that ends with its owner. It keeps
//! what it is given, and Python's own parser, not the code under test, says what that is.

#![expect(clippy::expect_used, reason = "a fixture that does not work must end the test")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use tempfile::TempDir;

const SCRIPT: &str = include_str!("smtp_sink.py");
/// Debian's own Python: only that one sees Debian's packages.
const PYTHON: &str = "/usr/bin/python3";
/// A certificate for 127.0.0.1 that nobody has signed, and its key.
const UNTRUSTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/email/untrusted.pem");
const MISSING: &str = "\
no SMTP server to test with: aiosmtpd is missing for /usr/bin/python3. On Debian or Ubuntu:
    apt-get install python3-aiosmtpd";

/// The server, until it is dropped.
pub(crate) struct SmtpSink {
    child: Child,
    port: u16,
    folder: TempDir,
}

/// How the server behaves.
#[derive(Default)]
pub(crate) struct SinkOptions {
    /// What it answers to `RCPT TO`, if not 250.
    pub(crate) rcpt: Option<&'static str>,
    /// What it answers at the end of the mail, if not 250.
    pub(crate) data: Option<&'static str>,
    /// Whether it keeps the first mail and then hangs up without an answer.
    pub(crate) drop_first: bool,
    /// `user:password`, if it wants a login.
    pub(crate) login: Option<&'static str>,
    /// Whether it speaks TLS, by a certificate that nobody trusts.
    pub(crate) tls: SinkTls,
}

/// How the server speaks TLS.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SinkTls {
    /// It does not.
    #[default]
    None,
    /// When it is asked to.
    StartTls,
    /// From the start.
    Implicit,
}

/// A mail, as it came or as a file holds it.
#[derive(Debug, Deserialize)]
pub(crate) struct ParsedMail {
    /// The headers in their order, decoded.
    pub(crate) headers: Vec<(String, String)>,
    /// What the parser finds wrong.
    pub(crate) defects: Vec<String>,
    /// The body.
    pub(crate) body: ParsedPart,
    /// The sender of the envelope.
    #[serde(default)]
    pub(crate) mail_from: String,
    /// The recipients of the envelope.
    #[serde(default)]
    pub(crate) rcpt_tos: Vec<String>,
    raw: String,
}

/// A part of a mail's body.
#[derive(Debug, Deserialize)]
pub(crate) struct ParsedPart {
    pub(crate) content_type: String,
    pub(crate) transfer_encoding: Option<String>,
    pub(crate) content_id: Option<String>,
    pub(crate) disposition: Option<String>,
    pub(crate) parts: Vec<ParsedPart>,
    base64: Option<String>,
}

/// Whether the tests of this fixture can run. Says loudly if not, and fails where they must.
pub(crate) fn available() -> bool {
    let found = Command::new(PYTHON)
        .args(["-c", "import aiosmtpd"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    #[expect(clippy::disallowed_methods, reason = "whether this is CI is no setting of synmon")]
    let ci = std::env::var_os("CI").is_some();
    assert!(found || !ci, "{MISSING}");
    if !found {
        eprintln!("SKIPPED: {MISSING}");
    }
    found
}

impl SmtpSink {
    /// A server that takes everything; none if the test is to be skipped.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&SinkOptions::default())
    }

    /// A server that behaves as told; none if the test is to be skipped.
    pub(crate) fn start_with(options: &SinkOptions) -> Option<Self> {
        available().then(|| Self::spawn(options))
    }

    /// Its url, without a login.
    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The mails that it was given, in order. A mail is here before the server says so.
    pub(crate) fn mails(&self) -> Vec<ParsedMail> {
        let mut files: Vec<_> = std::fs::read_dir(self.folder.path())
            .expect("the sink's folder is there")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        files.sort();
        let read = |path| std::fs::read(path).expect("a mail can be read");
        files.iter().map(|path| from_json(&read(path))).collect()
    }

    fn spawn(options: &SinkOptions) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(PYTHON);
        command.args(["-c", SCRIPT, "serve"]).arg(folder.path());
        let pairs =
            [("--rcpt", options.rcpt), ("--data", options.data), ("--login", options.login)];
        for (name, value) in pairs {
            command.args(value.map(|value| [name, value]).into_iter().flatten());
        }
        if options.drop_first {
            command.arg("--drop-first");
        }
        if options.tls != SinkTls::None {
            command.args(["--certificate", UNTRUSTED]);
        }
        if options.tls == SinkTls::Implicit {
            command.arg("--implicit-tls");
        }
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the sink starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output is a pipe");
        // It prints its port or ends, so this does not wait for ever.
        BufReader::new(output).read_line(&mut line).expect("the sink speaks");
        let port = line.trim().parse().expect("the sink prints its port");
        Self { child, port, folder }
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        // It would end with its standard input, too; this is only faster.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a message file with Python's parser; none if there is no Python.
pub(crate) fn parse_file(path: &Path) -> Option<ParsedMail> {
    available().then(|| {
        let output = Command::new(PYTHON)
            .args(["-c", SCRIPT, "parse"])
            .arg(path)
            .output()
            .expect("the parser starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        from_json(&output.stdout)
    })
}

impl ParsedMail {
    /// The one header of that name.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(is, _)| is.eq_ignore_ascii_case(name));
        let (_, value) = found.next().unwrap_or_else(|| panic!("no header {name}"));
        assert!(found.next().is_none(), "several headers {name}");
        value
    }

    /// The bytes on the wire.
    pub(crate) fn raw(&self) -> Vec<u8> {
        STANDARD.decode(&self.raw).expect("base64")
    }

    /// The text of the part of that type, wherever it is.
    pub(crate) fn text_of(&self, content_type: &str) -> String {
        let part = self.body.find(content_type).unwrap_or_else(|| panic!("no {content_type}"));
        String::from_utf8(part.bytes()).expect("UTF-8").replace("\r\n", "\n")
    }
}

impl ParsedPart {
    /// The first part of that type, this one included.
    pub(crate) fn find(&self, content_type: &str) -> Option<&Self> {
        if self.content_type == content_type {
            return Some(self);
        }
        self.parts.iter().find_map(|part| part.find(content_type))
    }

    /// Its decoded content.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(self.base64.as_deref().unwrap_or_default()).expect("base64")
    }
}

fn from_json(json: &[u8]) -> ParsedMail {
    serde_json::from_slice(json).expect("the sink writes JSON")
}
