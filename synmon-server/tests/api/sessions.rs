//! Access tokens and refresh tokens.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, App, PASSWORD};

async fn refresh(api: &Api, token: &str) -> Answer {
    api.post("/auth/refresh", &json!({ "refresh_token": token })).await
}

fn text(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_family() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let other = ann.log_in_again().await;
    let api = app.anonymous();

    let second = refresh(&api, &ann.refresh_token).await.must_be(200);
    assert_eq!(second.json()["token_type"], "Bearer");
    assert_ne!(text(&second, "refresh_token"), ann.refresh_token);
    let third = refresh(&api, &text(&second, "refresh_token")).await.must_be(200);
    let now = api.with_token(&text(&third, "access_token"));
    now.get("/me").await.must_be(200);

    refresh(&api, &ann.refresh_token).await.must_be(401);
    refresh(&api, &text(&third, "refresh_token")).await.must_be(401);
    for access in
        [ann.token().to_owned(), text(&second, "access_token"), text(&third, "access_token")]
    {
        api.with_token(&access).get("/me").await.must_be(401);
    }
    // Another log-in of the same account is another family.
    other.get("/me").await.must_be(200);
    refresh(&api, &other.refresh_token).await.must_be(200);
}

#[tokio::test]
async fn of_twenty_refreshes_at_once_one_works() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let api = app.anonymous();
    let all = (0..20).map(|_| refresh(&api, &ann.refresh_token));
    let answers = futures_util::future::join_all(all).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status)));
    // A reuse is a reuse, at once or later.
    ann.get("/me").await.must_be(401);
}

#[tokio::test]
async fn where_answers_get_lost_the_last_of_twenty_refreshes_at_once_is_good() {
    let app = App::without_browser().with("SYNMON_REFRESH_GRACE_SECONDS", "20").start().await;
    let ann = app.register("ann").await;
    let api = app.anonymous();
    let all = (0..20).map(|_| refresh(&api, &ann.refresh_token));
    let answers = futures_util::future::join_all(all).await;
    // Each may be the one that got through on a bad line; what went before is replaced.
    let (mut good, mut replaced) = (Vec::new(), Vec::new());
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answers:?}");
        let opened = api.with_token(&text(answer, "access_token")).get("/me").await.status;
        if opened == 200 { good.push(answer) } else { replaced.push((answer, opened)) }
    }
    assert_eq!(good.len(), 1, "{answers:?}");
    assert!(replaced.iter().all(|(_, opened)| *opened == 401));
    let next = refresh(&api, &text(good[0], "refresh_token")).await.must_be(200);
    // Whoever comes with one of the others is somebody else.
    refresh(&api, &text(replaced[0].0, "refresh_token")).await.must_be(401);
    api.with_token(&text(&next, "access_token")).get("/me").await.must_be(401);
    ann.get("/me").await.must_be(401);
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_can_be_tried_again() {
    let app = App::without_browser().with("SYNMON_REFRESH_GRACE_SECONDS", "20").start().await;
    let ann = app.register("ann").await;
    let api = app.anonymous();
    let opens = async |answer: &Answer| {
        api.with_token(&text(answer, "access_token")).get("/me").await.status
    };
    let lost = refresh(&api, &ann.refresh_token).await.must_be(200);
    let heard = refresh(&api, &ann.refresh_token).await.must_be(200);
    assert_eq!((opens(&lost).await, opens(&heard).await), (401, 200));
    // Now that it was heard, whoever comes with the first token has stolen it.
    refresh(&api, &ann.refresh_token).await.must_be(401);
    assert_eq!(opens(&heard).await, 401);
    refresh(&api, &text(&heard, "refresh_token")).await.must_be(401);

    let ann = ann.log_in_again().await;
    let lost = refresh(&api, &ann.refresh_token).await.must_be(200);
    let heard = refresh(&api, &ann.refresh_token).await.must_be(200);
    // It was not lost after all: somebody else has it.
    refresh(&api, &text(&lost, "refresh_token")).await.must_be(401);
    assert_eq!(opens(&heard).await, 401);
}

#[tokio::test]
async fn logging_out_ends_this_session_alone() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let other = ann.log_in_again().await;
    let api = app.anonymous();
    let body = json!({"refresh_token": ann.refresh_token});
    api.post("/auth/logout", &body).await.must_be(204);
    ann.get("/me").await.must_be(401);
    refresh(&api, &ann.refresh_token).await.must_be(401);
    other.get("/me").await.must_be(200);
    // Once more, or with anything else: nothing to end, and nothing to learn.
    api.post("/auth/logout", &body).await.must_be(204);
    let body = json!({"refresh_token": "nonsense"});
    api.post("/auth/logout", &body).await.must_be(204);
}

#[tokio::test]
async fn only_one_bearer_header_with_an_access_token_opens_anything() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let bearer = format!("Bearer {}", ann.token());
    ann.get_as("/me", &[&bearer]).await.must_be(200);
    // RFC 7235, section 2.1: the scheme is case-insensitive.
    ann.get_as("/me", &[&format!("bearer {}", ann.token())]).await.must_be(200);
    let long = format!("Bearer {}", "x".repeat(30_000));
    for headers in [
        vec![],
        vec![""],
        vec!["Bearer"],
        vec!["Bearer "],
        vec![ann.token()],
        vec!["Basic YW5uQGV4YW1wbGUudGVzdDpwYXNzd29yZA=="],
        vec!["Basic"],
        vec![&bearer, &bearer],
        vec![&bearer, "Basic YTpi"],
        vec!["Basic YTpi", &bearer],
        vec![&format!("Bearer {}", ann.refresh_token)],
        vec![&format!("{bearer}, {bearer}")],
        vec![&format!("{bearer} x")],
        vec![&format!("Token {}", ann.token())],
        vec![&long],
    ] {
        ann.get_as("/me", &headers).await.must_be(401);
    }
    // Nor does a cookie or the query.
    for path in [format!("/me?access_token={}", ann.token()), format!("/me?token={}", ann.token())]
    {
        let request = ann
            .anonymous()
            .request(Method::GET, &path)
            .header("cookie", format!("access_token={0}; token={0}", ann.token()));
        ann.send(request).await.must_be(401);
    }
}

#[tokio::test]
async fn a_token_that_was_tampered_with_opens_nothing() {
    let app = App::without_browser().start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let parts: Vec<&str> = ann.token().split('.').collect();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    assert!(!claims.to_string().contains("ann"), "no address in it: {claims}");
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let other_claims: Vec<&str> = ben.token().split('.').collect();
    let none = |alg: &str| {
        let header = encode(&json!({"alg": alg, "typ": "at+jwt"}));
        format!("{header}.{}.", parts[1])
    };
    let mut flipped = parts[2].to_owned();
    let first = if flipped.starts_with('A') { "B" } else { "A" };
    flipped.replace_range(0..1, first);
    for token in [
        none("none"),
        none("None"),
        none("HS256"),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], other_claims[1], parts[2]),
        format!("{}.{}.{flipped}", parts[0], parts[1]),
        format!("{}.{}.{}x", parts[0], parts[1], parts[2]),
        format!("{}=", ann.token()),
        ann.token().to_uppercase(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "\u{e9}".to_owned(),
    ] {
        ann.with_token(&token).get("/me").await.must_be(401);
    }
    ann.get("/me").await.must_be(200);
}

#[tokio::test]
async fn what_is_no_refresh_token_refreshes_nothing() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let api = app.anonymous();
    for token in ["", "x", ann.token(), &"x".repeat(500_000), "' OR 1=1 --"] {
        refresh(&api, token).await.must_be(401);
    }
    ann.get("/me").await.must_be(200);
}

#[tokio::test]
async fn the_key_and_the_sessions_outlive_the_server() {
    let mut app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    assert!(app.stop().await.success());
    let app = app.start_again().await;
    let ann = ann.at(&app);
    ann.get("/me").await.must_be(200);
    refresh(&app.anonymous(), &ann.refresh_token).await.must_be(200);
}

#[tokio::test]
async fn a_new_signing_secret_ends_no_access_token_while_the_old_one_is_named() {
    let secret = |letter: &str| letter.repeat(32);
    let app = App::without_browser().with("SYNMON_JWT_SECRET", &secret("a"));
    let mut app = app.start().await;
    let ann = app.register("ann").await;
    assert!(app.stop().await.success());
    // The rotation that the documentation describes, one restart after the other.
    let mut app = app.start_again_with("SYNMON_JWT_SECRET_OLD", &secret("a")).await;
    assert!(app.stop().await.success());
    let mut app = app.start_again_with("SYNMON_JWT_SECRET", &secret("b")).await;
    let ann = ann.at(&app);
    ann.get("/me").await.must_be(200);
    let newer = ann.log_in_again().await;
    let kid = |token: &str| {
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
    };
    assert_ne!(kid(ann.token()), kid(newer.token()));
    assert!(app.stop().await.success());
    let app = app.start_again_with("SYNMON_JWT_SECRET_OLD", "").await;
    let (ann, newer) = (ann.at(&app), newer.at(&app));
    ann.get("/me").await.must_be(401);
    newer.get("/me").await.must_be(200);
    refresh(&app.anonymous(), &ann.refresh_token).await.must_be(200);
    for word in [secret("a"), secret("b")] {
        assert!(!app.log().contains(&word) && !app.database().contains(&word));
    }
}

#[tokio::test]
async fn secrets_are_in_no_log_no_metric_and_no_database() {
    let canary = "canary-password-1f4d";
    let app = App::without_browser().allowing("127.0.0.1").with("RUST_LOG", "trace").start().await;
    let ann = app.register("ann").await;
    let api = app.anonymous();
    let body = json!({"email": ann.email});
    api.post("/auth/forgot-password", &body).await.must_be(202);
    let letter = app.letter(&ann.email, 2).await;
    let body = json!({"token": letter.token(), "password": canary});
    api.post("/auth/reset-password", &body).await.must_be(204);
    let body = json!({"email": ann.email, "password": canary});
    let tokens = api.post("/auth/login", &body).await.must_be(200);
    let (access, first) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let second = text(&refresh(&api, &first).await.must_be(200), "refresh_token");
    // A body that does not parse, with a secret in it, and one of the wrong shape.
    let broken = format!("{{\"email\": \"a@b.c\", \"password\": \"{canary}\", }}");
    let answer = api.raw(Method::POST, "/auth/login", broken).await.must_be(400);
    assert!(!answer.text().contains(canary));
    let body = json!({"email": ann.email, "password": [canary]});
    let answer = api.post("/auth/login", &body).await.must_be(400);
    assert!(!answer.text().contains(canary));
    let metrics = api.get("/metrics").await.must_be(200).text();

    let secrets = [canary, PASSWORD, &access, &first, &second];
    let log = app.log();
    let database = app.database();
    assert!(database.contains("$argon2id$"), "passwords are kept as hashes");
    for (what, text) in [("log", &log), ("metrics", &metrics), ("database", &database)] {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} is in the {what}");
        }
        // The link alone may be logged, because there is no mail server.
        let token = letter.token();
        let places = text.matches(&token).count();
        assert_eq!(
            places,
            text.matches(&format!("reset-password?token={token}")).count(),
            "a letter's token is in the {what}"
        );
        assert!(what == "log" || places == 0, "a letter's token is in the {what}");
    }
}
