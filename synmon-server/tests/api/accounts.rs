//! Registering, confirming, forgetting the password, leaving.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, App, PASSWORD, ROOMY, address_of};

fn registration(name: &str) -> Value {
    json!({"name": name, "email": address_of(name), "password": PASSWORD})
}

fn credentials(name: &str) -> Value {
    json!({"email": address_of(name), "password": PASSWORD})
}

async fn confirm(api: &Api, token: &str) -> Answer {
    api.post("/auth/confirm", &json!({ "token": token })).await
}

#[tokio::test]
async fn the_walk_from_registering_to_being_somebody() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    let answer = api.post("/auth/register", &registration("ann")).await;
    assert!(answer.must_be(202).body.is_empty());
    api.post("/auth/login", &credentials("ann")).await.must_be(403);

    let letter = app.letter(&address_of("ann"), 1).await;
    assert_eq!(letter.subject, "Confirm your e-mail address for synmon");
    let link = letter.link();
    assert!(link.starts_with(&format!("{}/confirm?token=", app.address())), "{link}");
    assert!(letter.html.contains(&link.replace('&', "&amp;")), "{letter:?}");
    assert!(app.log().contains(&link), "an unset SYNMON_SMTP_URL logs links");

    confirm(&api, &letter.token()).await.must_be(204);
    let tokens = api.post("/auth/login", &credentials("ann")).await.must_be(200).json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 900);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(access.split('.').count(), 3, "a JWT");

    let ann = api.with_token(access);
    let me = ann.get("/me").await.must_be(200).json();
    assert_eq!(me["name"], "ann");
    assert_eq!(me["email"], address_of("ann"));
    assert_eq!(me.as_object().unwrap().len(), 4, "{me}");
    let id: uuid::Uuid = me["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(id.get_version_num(), 7);
    let created = me["created_at"].as_str().unwrap();
    assert!(created.ends_with('Z') || created.ends_with("+00:00"), "{me}");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_told_the_same() {
    let app = App::without_browser().start().await;
    app.register("ann").await;
    let api = app.anonymous();
    api.post("/auth/register", &registration("unconfirmed")).await.must_be(202);
    let log_in = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        let answer = api.post("/auth/login", &body).await.must_be(401);
        (answer.body.clone(), comparable(&answer))
    };
    let wrong = log_in(&address_of("ann"), "wrong password").await;
    assert_eq!(wrong, log_in(&address_of("nobody"), PASSWORD).await);
    assert_eq!(wrong, log_in(&address_of("unconfirmed"), "wrong password").await);
    assert_eq!(wrong, log_in("not an address", PASSWORD).await);
    assert_eq!(wrong, log_in(&address_of("ann"), "").await);
    assert_eq!(wrong, log_in(&address_of("ann"), &"x".repeat(500_000)).await);
    assert_eq!(wrong, log_in("' OR 1=1 --", "' OR 1=1 --").await);
}

#[tokio::test]
async fn a_confirmation_works_once_and_looking_at_its_page_does_not_use_it_up() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    api.post("/auth/register", &registration("ann")).await.must_be(202);
    let letter = app.letter(&address_of("ann"), 1).await;
    let page = letter.link().replace(app.address(), "");
    for _ in 0..5 {
        api.page(&page).await;
    }
    api.post("/auth/login", &credentials("ann")).await.must_be(403);
    confirm(&api, &letter.token()).await.must_be(204);
    confirm(&api, &letter.token()).await.must_blame(422, &["token"]);
    api.post("/auth/login", &credentials("ann")).await.must_be(200);
}

#[tokio::test]
async fn of_twenty_confirmations_at_once_one_works() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    api.post("/auth/register", &registration("ann")).await.must_be(202);
    let token = app.letter(&address_of("ann"), 1).await.token();
    let all = (0..20).map(|_| confirm(&api, &token));
    let answers = futures_util::future::join_all(all).await;
    let good = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(good, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [204, 422].contains(&answer.status)));
}

#[tokio::test]
async fn a_token_that_is_none_confirms_nothing() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    let ann = app.register("ann").await;
    let body = json!({"email": address_of("ann")});
    api.post("/auth/forgot-password", &body).await.must_be(202);
    let reset = app.letter(&address_of("ann"), 2).await.token();
    for token in ["", "x", "../../etc/passwd", &"x".repeat(100_000), &reset, ann.token()] {
        confirm(&api, token).await.must_blame(422, &["token"]);
    }
    // What a token of the wrong kind was tried for does not use it up.
    let body = json!({"token": reset, "password": "another password"});
    api.post("/auth/reset-password", &body).await.must_be(204);
}

#[tokio::test]
async fn asking_for_the_confirmation_again_ends_the_older_one() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    api.post("/auth/register", &registration("ann")).await.must_be(202);
    let first = app.letter(&address_of("ann"), 1).await.token();
    let body = json!({"email": address_of("ann")});
    api.post("/auth/resend-confirmation", &body).await.must_be(202);
    let second = app.letter(&address_of("ann"), 2).await.token();
    assert_ne!(first, second);
    confirm(&api, &first).await.must_blame(422, &["token"]);
    confirm(&api, &second).await.must_be(204);
}

#[tokio::test]
async fn what_is_asked_for_an_unknown_address_is_answered_as_for_a_known_one() {
    let app = App::without_browser().start().await;
    app.register("ann").await;
    let api = app.anonymous();
    for path in ["/auth/resend-confirmation", "/auth/forgot-password"] {
        let ask = async |name: &str| {
            let body = json!({"email": address_of(name)});
            let answer = api.post(path, &body).await.must_be(202);
            (answer.body.clone(), comparable(&answer))
        };
        assert_eq!(ask("ann").await, ask("nobody").await, "{path}");
    }
    // The letters come in the order of the requests: this one shows that all others are through.
    api.post("/auth/register", &registration("ben")).await.must_be(202);
    app.letter(&address_of("ben"), 1).await;
    assert_eq!(app.letters_to(&address_of("nobody")).len(), 0);
    // Confirmed already: nothing to confirm again.
    let letters = app.letters_to(&address_of("ann"));
    let subjects: Vec<_> = letters.iter().map(|letter| letter.subject.as_str()).collect();
    assert_eq!(
        subjects,
        ["Confirm your e-mail address for synmon", "Set a new password for synmon"]
    );
}

/// What of an answer's headers must not differ.
fn comparable(answer: &Answer) -> Vec<(String, String)> {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .collect();
    headers.sort();
    headers
}

#[tokio::test]
async fn registering_a_taken_address_is_answered_byte_for_byte_as_a_free_one() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    let ann = app.register("ann").await;
    let free = api.post("/auth/register", &registration("ben")).await.must_be(202);
    let mallory = json!({
        "name": "Mallory", "email": address_of("ANN"), "password": "mallory's password",
    });
    let taken = api.post("/auth/register", &mallory).await.must_be(202);
    assert_eq!(free.body, taken.body);
    assert_eq!(comparable(&free), comparable(&taken));

    let letter = app.letter(&address_of("ann"), 2).await;
    assert!(letter.text.contains("already has an account"), "{letter:?}");
    assert!(!letter.text.contains("token="), "{letter:?}");
    assert!(!letter.text.contains("Mallory"), "{letter:?}");
    // Nothing about the account has changed.
    ann.log_in_again().await;
    assert_eq!(ann.get("/me").await.json()["name"], "ann");
    let stolen = json!({"email": address_of("ann"), "password": "mallory's password"});
    api.post("/auth/login", &stolen).await.must_be(401);
}

#[tokio::test]
async fn an_address_is_the_same_in_any_case() {
    let app = App::without_browser().start().await;
    let ann = app.register("Ann").await;
    let shouted = json!({"email": "ANN@EXAMPLE.TEST", "password": PASSWORD});
    ann.anonymous().post("/auth/login", &shouted).await.must_be(200);
    let whispered = json!({"email": "ann@example.test", "password": PASSWORD});
    ann.anonymous().post("/auth/login", &whispered).await.must_be(200);
    let forgotten = json!({"email": "aNN@example.TEST"});
    ann.anonymous().post("/auth/forgot-password", &forgotten).await.must_be(202);
    assert!(app.letter("Ann@example.test", 2).await.subject.contains("password"));
}

#[tokio::test]
async fn whoever_registers_again_before_confirming_gets_a_new_letter_and_the_new_password() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    api.post("/auth/register", &registration("ann")).await.must_be(202);
    let first = app.letter(&address_of("ann"), 1).await.token();
    let again = json!({
        "name": "Ann", "email": address_of("ann"), "password": "a second password",
    });
    api.post("/auth/register", &again).await.must_be(202);
    let letter = app.letter(&address_of("ann"), 2).await;
    assert_eq!(letter.subject, "Confirm your e-mail address for synmon");
    confirm(&api, &first).await.must_blame(422, &["token"]);
    confirm(&api, &letter.token()).await.must_be(204);
    // The one who holds the letter has confirmed the registration that it was for.
    let body = json!({"email": address_of("ann"), "password": "a second password"});
    api.post("/auth/login", &body).await.must_be(200);
    api.post("/auth/login", &credentials("ann")).await.must_be(401);
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_and_works_once() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let other = ann.log_in_again().await;
    let api = app.anonymous();
    let body = json!({"email": address_of("ann")});
    api.post("/auth/forgot-password", &body).await.must_be(202);
    let letter = app.letter(&address_of("ann"), 2).await;
    assert!(
        letter.link().starts_with(&format!("{}/reset-password?token=", app.address())),
        "{letter:?}"
    );
    let token = letter.token();
    let short = json!({"token": token, "password": "short"});
    api.post("/auth/reset-password", &short).await.must_blame(422, &["password"]);
    ann.get("/me").await.must_be(200);

    let reset = json!({"token": token, "password": "a new password"});
    api.post("/auth/reset-password", &reset).await.must_be(204);
    for session in [&ann, &other] {
        session.get("/me").await.must_be(401);
        let body = json!({"refresh_token": session.refresh_token});
        api.post("/auth/refresh", &body).await.must_be(401);
    }
    api.post("/auth/reset-password", &reset).await.must_blame(422, &["token"]);
    api.post("/auth/login", &credentials("ann")).await.must_be(401);
    let body = json!({"email": address_of("ann"), "password": "a new password"});
    api.post("/auth/login", &body).await.must_be(200);
}

#[tokio::test]
async fn asking_for_a_new_password_again_ends_the_older_link() {
    let app = App::without_browser().start().await;
    app.register("ann").await;
    let api = app.anonymous();
    let body = json!({"email": address_of("ann")});
    api.post("/auth/forgot-password", &body).await.must_be(202);
    let first = app.letter(&address_of("ann"), 2).await.token();
    api.post("/auth/forgot-password", &body).await.must_be(202);
    let second = app.letter(&address_of("ann"), 3).await.token();
    let reset = |token: &str| json!({"token": token, "password": "a new password"});
    api.post("/auth/reset-password", &reset(&first)).await.must_blame(422, &["token"]);
    api.post("/auth/reset-password", &reset(&second)).await.must_be(204);
}

#[tokio::test]
async fn an_address_is_not_flooded_with_letters() {
    let rates = format!("{ROOMY},mails=2/h");
    let app = App::without_browser().with("SYNMON_RATE_LIMITS", &rates).start().await;
    app.register("ann").await;
    let api = app.anonymous();
    let body = json!({"email": address_of("ann")});
    for _ in 0..12 {
        api.post("/auth/forgot-password", &body).await.must_be(202);
    }
    api.post("/auth/register", &registration("ben")).await.must_be(202);
    app.letter(&address_of("ben"), 1).await;
    let count = app.letters_to(&address_of("ann")).len();
    assert_eq!(count, 1 + 2, "one to confirm, two for the password");
}

#[tokio::test]
async fn links_never_follow_the_host_that_a_request_names() {
    let app = App::without_browser().start().await;
    for (header, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
        ("origin", "https://evil.example"),
    ] {
        let name = header.replace('-', "");
        let request = app
            .anonymous()
            .request(Method::POST, "/auth/register")
            .header(header, value)
            .json(&registration(&name));
        app.anonymous().send(request).await.must_be(202);
        let letter = app.letter(&address_of(&name), 1).await;
        assert!(letter.link().starts_with(app.address()), "{letter:?}");
        assert!(!format!("{letter:?}").contains("evil"), "{letter:?}");
    }
    assert!(!app.log().contains("evil.example"));
}

#[tokio::test]
async fn the_name_of_an_account_can_be_changed_and_nothing_else() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let me = ann.get("/me").await.json();
    let changed = ann.patch("/me", &json!({"name": "  Ann Ü. 🐎 "})).await.must_be(200);
    assert_eq!(changed.json()["name"], "Ann Ü. 🐎");
    assert_eq!(ann.patch("/me", &json!({})).await.must_be(200).json()["name"], "Ann Ü. 🐎");
    for name in ["id", "email", "created_at", "password", "is_admin"] {
        ann.patch("/me", &json!({name: "x"})).await.must_blame(422, &[name]);
    }
    let again = ann.get("/me").await.json();
    for name in ["id", "email", "created_at"] {
        assert_eq!(me[name], again[name]);
    }
    ann.patch("/me", &json!({"name": " "})).await.must_blame(422, &["name"]);
    ann.patch("/me", &json!({"name": "a\nb"})).await.must_blame(422, &["name"]);
    ann.patch("/me", &json!({"name": "x".repeat(101)})).await.must_blame(422, &["name"]);
}

#[tokio::test]
async fn an_account_that_is_deleted_takes_all_with_it() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let other = ann.log_in_again().await;
    let step = json!([{"number": 1, "action": "reload"}]);
    let flow = ann.flow_with_steps("http://127.0.0.1:9/", step.clone()).await;
    let run = ann.run_to_its_end(&flow).await;
    let kept = ben.flow_with_steps("http://127.0.0.1:9/", step).await;
    let body = json!({"email": address_of("ann")});
    app.anonymous().post("/auth/forgot-password", &body).await.must_be(202);
    let token = app.letter(&address_of("ann"), 2).await.token();

    ann.delete("/me").await.must_be(204);
    for session in [&ann, &other] {
        session.get("/me").await.must_be(401);
        session.get(&format!("/flows/{flow}")).await.must_be(401);
        let body = json!({"refresh_token": session.refresh_token});
        session.anonymous().post("/auth/refresh", &body).await.must_be(401);
    }
    let api = app.anonymous();
    api.post("/auth/login", &credentials("ann")).await.must_be(401);
    let reset = json!({"token": token, "password": "a new password"});
    api.post("/auth/reset-password", &reset).await.must_blame(422, &["token"]);

    // The address is free again, and whoever takes it finds nothing of what was.
    api.post("/auth/register", &registration("ann")).await.must_be(202);
    let token = app.letter(&address_of("ann"), 3).await.token();
    confirm(&api, &token).await.must_be(204);
    let tokens = api.post("/auth/login", &credentials("ann")).await.must_be(200).json();
    let new = api.with_token(tokens["access_token"].as_str().unwrap());
    new.get(&format!("/flows/{flow}")).await.must_be(404);
    new.get(&format!("/runs/{}", run["id"].as_str().unwrap())).await.must_be(404);
    for list in ["/flows", "/runs"] {
        assert_eq!(new.get(list).await.must_be(200).json()["items"], json!([]));
    }
    ben.get(&format!("/flows/{kept}")).await.must_be(200);
}

#[tokio::test]
async fn what_can_not_be_an_account_is_refused_field_by_field() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    let with = |field: &str, value: &str| {
        let mut body = registration("ann");
        body[field] = json!(value);
        body
    };
    let long = format!("{}@example.test", "a".repeat(65));
    let longer = format!("a@{}.test", "a".repeat(250));
    for (field, value) in [
        ("name", ""),
        ("name", " \t "),
        ("name", "two\nlines"),
        ("name", "a\u{7}bell"),
        ("name", "nul\0"),
        ("name", &"ü".repeat(101)),
        ("email", ""),
        ("email", "nobody"),
        ("email", "a@b@c"),
        ("email", "a b@example.test"),
        ("email", "a@example.test\r\nBcc: all@example.test"),
        ("email", "a@[127.0.0.1]"),
        ("email", "a@example.test\0"),
        ("email", "\"a b\"@example.test"),
        ("email", "Ann <ann@example.test>"),
        ("email", &long),
        ("email", &longer),
        ("password", ""),
        ("password", "seven77"),
        ("password", &"x".repeat(257)),
        ("password", "eight888\0"),
    ] {
        api.post("/auth/register", &with(field, value)).await.must_blame(422, &[field]);
    }
    let all = json!({"name": "", "email": "", "password": ""});
    let answer = api.post("/auth/register", &all).await;
    answer.must_blame(422, &["name", "email", "password"]);
    for path in ["/auth/resend-confirmation", "/auth/forgot-password"] {
        api.post(path, &json!({"email": "nobody"})).await.must_blame(422, &["email"]);
    }
    assert_eq!(app.letters().len(), 0);
}

#[tokio::test]
async fn any_password_of_good_length_works_as_it_was_typed() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    for (index, password) in
        ["        ", " leading blank", &"🐎".repeat(256), "e\u{301}e\u{301}e\u{301}e\u{301}"]
            .iter()
            .enumerate()
    {
        let email = address_of(&format!("ann{index}"));
        let body = json!({"name": "Ann", "email": email, "password": password});
        api.post("/auth/register", &body).await.must_be(202);
        let token = app.letter(&email, 1).await.token();
        confirm(&api, &token).await.must_be(204);
        let log_in = |password: &str| json!({"email": email, "password": password});
        api.post("/auth/login", &log_in(password)).await.must_be(200);
        let other = format!("{password} ");
        api.post("/auth/login", &log_in(&other)).await.must_be(401);
        api.post("/auth/login", &log_in(password.trim_start()))
            .await
            .must_be(if password.starts_with(' ') { 401 } else { 200 });
    }
}

#[tokio::test]
async fn forms_and_other_media_types_are_no_way_to_log_in() {
    let app = App::without_browser().start().await;
    app.register("ann").await;
    let api = app.anonymous();
    let body = credentials("ann").to_string();
    for kind in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data",
        "application/xml",
    ] {
        let request =
            api.request(Method::POST, "/auth/login").header(CONTENT_TYPE, kind).body(body.clone());
        api.send(request).await.must_be(415);
    }
}

#[tokio::test]
async fn registrations_at_the_same_time_do_not_get_in_each_others_way() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    let names: Vec<String> = (0..10).map(|index| format!("user{index}")).collect();
    let all = names
        .iter()
        .map(async |name| api.post("/auth/register", &registration(name)).await.must_be(202));
    futures_util::future::join_all(all).await;
    for name in &names {
        let token = app.letter(&address_of(name), 1).await.token();
        confirm(&api, &token).await.must_be(204);
    }
    // The same address, several times at once: one account, and a link that works.
    let all = (0..4).map(|_| {
        let (api, body) = (api.clone(), registration("same"));
        async move { api.post("/auth/register", &body).await.must_be(202) }
    });
    futures_util::future::join_all(all).await;
    app.letter(&address_of("same"), 4).await;
    let mut worked = 0;
    for letter in app.letters_to(&address_of("same")) {
        worked += u32::from(confirm(&api, &letter.token()).await.status == 204);
    }
    assert_eq!(worked, 1, "of the four links");
    api.post("/auth/login", &credentials("same")).await.must_be(200);
}
