//! Templates, embedded and one's own.

use std::{fs, path::Path};

use synmon_core::notice::NoticeBody;
use synmon_notify::email::{EmailSetupError, TemplateError, TransportSettings};

use crate::support::{World, deliver, failed_run, notice};

const LAYOUT: &str = "<i>ours</i>{% block title %}{% endblock title %}\
    {% block content %}{% endblock content %}{% block why %}{% endblock why %}";

/// Sets a notifier up with one template of one's own.
fn with(name: &str, content: &str) -> Result<(), EmailSetupError> {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), name, content);
    set_up(folder.path()).map(|_| ())
}

fn set_up(templates: &Path) -> Result<synmon_notify::email::EmailNotifier, EmailSetupError> {
    let url = "smtp://127.0.0.1:1".to_owned().into();
    let world = World { templates: Some(templates.to_owned()), ..World::default() };
    world.notifier(TransportSettings::Smtp { url })
}

fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, content).expect("a template");
}

fn template_error(result: Result<(), EmailSetupError>) -> TemplateError {
    match result {
        Err(EmailSetupError::Template(error)) => error,
        other => panic!("the template must be refused, but: {other:?}"),
    }
}

#[test]
fn a_template_that_can_not_be_read_is_refused_by_name() {
    let error = template_error(with("run_failed/body.txt", "{% if flow %}no end"));
    assert!(matches!(error, TemplateError::Parse(_)), "{error:?}");
    assert!(error.to_string().contains("run_failed/body.txt"), "{error}");
}

#[test]
fn a_template_that_needs_what_is_not_there_is_refused_by_name() {
    let error = template_error(with("run_failed/body.html", "{{ flow.nmae }} {{ password }}"));
    assert!(matches!(error, TemplateError::Render { .. }), "{error:?}");
    assert!(error.to_string().contains("run_failed/body.html"), "{error}");
}

#[test]
fn a_template_that_works_with_some_mails_only_is_refused() {
    // There is no failed step when the url itself is at fault, and no name of most steps.
    let error = template_error(with("run_failed/subject.txt", "{{ failure.place }}"));
    assert!(matches!(error, TemplateError::Render { .. }), "{error:?}");
}

#[test]
fn a_template_that_says_nothing_is_refused() {
    let error = template_error(with("flow_paused/subject.txt", " {# later #} "));
    assert!(matches!(error, TemplateError::Empty(_)), "{error:?}");
}

#[test]
fn a_confirmation_without_its_link_is_refused() {
    for name in ["confirm/body.txt", "confirm_channel/body.html", "reset_password/body.html"] {
        let error = template_error(with(name, "Welcome! {{ home }}"));
        assert!(matches!(&error, TemplateError::LinkLost(lost) if lost == name), "{error:?}");
    }
}

#[test]
fn a_file_that_takes_the_place_of_nothing_is_refused() {
    let error = template_error(with("run_faild/body.txt", "hello"));
    assert!(matches!(error, TemplateError::Unknown { .. }), "{error:?}");
    assert!(error.to_string().contains("run_failed/body.txt"), "{error}");
    with("README.md", "about these templates").expect("other files are nobody's business");
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = template_error(set_up(&folder.path().join("none")).map(|_| ()));
    assert!(matches!(error, TemplateError::Read { .. }), "{error:?}");
}

#[tokio::test]
async fn one_template_of_ones_own_takes_the_place_of_one() {
    let templates = tempfile::tempdir().expect("a folder");
    write(templates.path(), "run_failed/subject.txt", "Ouch: {{ flow.name }}\r\nX-Evil: 1\n");
    write(templates.path(), "layout.html", LAYOUT);
    let mails = tempfile::tempdir().expect("a folder");
    let world = World { templates: Some(templates.path().to_owned()), ..World::default() };
    deliver(&world.folder(mails.path()), &notice(NoticeBody::Run(failed_run()))).await;
    let file = fs::read_dir(mails.path()).expect("a folder").next().expect("a file");
    let mail = fs::read_to_string(file.expect("a file").path()).expect("a mail");
    assert!(mail.contains("\r\nSubject: Ouch: Log in X-Evil: 1\r\n"), "{mail}");
    assert!(mail.contains("<i>ours</i>") && mail.contains("your flow \"Log in\" failed"), "{mail}");
}
