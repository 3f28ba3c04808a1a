//! Passwords, addresses and sessions of those who are logged in.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use serde_json::{Value, json};
use synmon_testkit::postgres::Postgres;

use crate::fixture::{Api, App, PASSWORD, User, address_of, log_in};

const NEW: &str = "another password";

fn change(current: &str, new: &str) -> Value {
    json!({"current_password": current, "password": new})
}

async fn sessions(user: &Api) -> Vec<Value> {
    let page = user.get("/sessions").await.must_be(200).json();
    assert!(page["next_cursor"].is_null(), "{page}");
    page["items"].as_array().unwrap().clone()
}

async fn try_password(api: &Api, email: &str, password: &str) -> u16 {
    api.post("/auth/login", &json!({"email": email, "password": password})).await.status
}

#[tokio::test]
async fn a_new_installation_has_no_account() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let app = App::without_browser().with("SYNMON_DATABASE_URL", &url).start().await;
    server.execute_on(&url, "SELECT 1 / CASE COUNT(*) WHEN 0 THEN 1 ELSE 0 END FROM accounts");
    for (name, password) in [("admin", "admin"), ("admin@localhost", "admin"), ("root", "")] {
        assert_eq!(try_password(&app.anonymous(), name, password).await, 401);
    }
}

#[tokio::test]
async fn each_kind_of_log_in_costs_one_hash_and_what_is_too_long_none() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let api = app.anonymous();
    let body = json!({"name": "x", "email": address_of("unconfirmed"), "password": PASSWORD});
    api.post("/auth/register", &body).await.must_be(202);
    for (name, password, status) in [
        ("ann", PASSWORD, 200),
        ("ann", "wrong password", 401),
        ("nobody", PASSWORD, 401),
        ("unconfirmed", PASSWORD, 403),
        ("unconfirmed", "wrong password", 401),
    ] {
        let before = app.hashes().await;
        assert_eq!(try_password(&api, &address_of(name), password).await, status);
        assert_eq!(app.hashes().await - before, 1, "{name} {password}");
    }
    let (before, long) = (app.hashes().await, "x".repeat(1_000_000));
    assert_eq!(try_password(&api, &ann.email, &long).await, 401);
    let body = json!({"name": "x", "email": address_of("ben"), "password": long});
    api.post("/auth/register", &body).await.must_blame(422, &["password"]);
    ann.post("/me/password", &change(PASSWORD, &long)).await.must_blame(422, &["password"]);
    ann.post("/me/password", &change(&long, NEW)).await.must_blame(422, &["current_password"]);
    assert_eq!(app.hashes().await, before);
}

#[tokio::test]
async fn a_password_is_taken_as_it_is_unless_it_is_one_of_the_most_common() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    let registration = |name: &str, password: &str| json!({"name": name, "email": address_of(name), "password": password});
    let short = "x".repeat(7);
    let long = "ü".repeat(257);
    for bad in ["password1", "PASSWORD1", "1234567890", "qwertyuiop", "iloveyou", &short, &long] {
        let body = registration("ann", bad);
        api.post("/auth/register", &body).await.must_blame(422, &["password"]);
    }
    let good = ["🐎".repeat(64), "  leading and trailing ".to_owned(), "ß".repeat(256)];
    for (turn, good) in good.iter().enumerate() {
        let name = format!("u{turn}");
        api.post("/auth/register", &registration(&name, good)).await.must_be(202);
        let token = app.letter(&address_of(&name), 1).await.token();
        api.post("/auth/confirm", &json!({ "token": token })).await.must_be(204);
        assert_eq!(try_password(&api, &address_of(&name), good).await, 200);
        let mut cut = good.clone();
        cut.pop();
        assert_eq!(try_password(&api, &address_of(&name), &cut).await, 401);
    }
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_all_log_ins() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let other = ann.log_in_again().await;
    let api = app.anonymous();
    api.post("/auth/forgot-password", &json!({"email": ann.email})).await.must_be(202);
    let token = app.letter(&ann.email, 2).await.token();
    let wrong = ann.post("/me/password", &change("wrong password", NEW)).await;
    wrong.must_blame(422, &["current_password"]);
    ann.post("/me/password", &change(PASSWORD, "password1")).await.must_blame(422, &["password"]);
    other.get("/me").await.must_be(200);
    api.post("/me/password", &change(PASSWORD, NEW)).await.must_be(401);

    let tokens = ann.post("/me/password", &change(PASSWORD, NEW)).await.must_be(200).json();
    for gone in [&ann, &other] {
        gone.get("/me").await.must_be(401);
        let body = json!({"refresh_token": gone.refresh_token});
        api.post("/auth/refresh", &body).await.must_be(401);
    }
    let access = tokens["access_token"].as_str().unwrap();
    api.with_token(access).get("/me").await.must_be(200);
    let letter = app.letter(&ann.email, 3).await;
    assert_eq!(letter.subject, "Your synmon password was changed");
    // What was mailed before is worth nothing any more.
    let body = json!({"token": token, "password": "a third password"});
    api.post("/auth/reset-password", &body).await.must_blame(422, &["token"]);
    assert_eq!(try_password(&api, &ann.email, PASSWORD).await, 401);
    assert_eq!(try_password(&api, &ann.email, NEW).await, 200);
}

#[tokio::test]
async fn a_new_address_is_asked_and_the_old_one_told() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let (api, new) = (app.anonymous(), "Ann.New@example.test");
    api.post("/auth/forgot-password", &json!({"email": ann.email})).await.must_be(202);
    let reset = app.letter(&ann.email, 2).await.token();
    let ask = |email: &str, password: &str| json!({"email": email, "password": password});
    ann.post("/me/email", &ask(new, "wrong password")).await.must_blame(422, &["password"]);
    ann.post("/me/email", &ask("no address", PASSWORD)).await.must_blame(422, &["email"]);
    ann.post("/me/email", &ask(new, PASSWORD)).await.must_be(202);
    let told = app.letter(&ann.email, 3).await;
    assert_eq!(told.subject, "Your synmon account is to get another e-mail address");
    assert!(!told.text.contains("token="), "{told:?}");
    let letter = app.letter(new, 1).await;
    assert_eq!(letter.subject, "Confirm your new e-mail address for synmon");
    let first = letter.token();
    // Nothing has changed yet; asking again ends the older link.
    assert_eq!(ann.get("/me").await.json()["email"], ann.email);
    assert_eq!(try_password(&api, new, PASSWORD).await, 401);
    ann.post("/me/email", &ask(new, PASSWORD)).await.must_be(202);
    let second = app.letter(new, 2).await.token();
    api.post("/auth/confirm", &json!({"token": first})).await.must_blame(422, &["token"]);
    api.post("/auth/confirm", &json!({"token": second})).await.must_be(204);
    api.post("/auth/confirm", &json!({"token": second})).await.must_blame(422, &["token"]);
    assert_eq!(ann.get("/me").await.json()["email"], new);
    assert_eq!(try_password(&api, &ann.email, PASSWORD).await, 401);
    assert_eq!(try_password(&api, "ann.new@example.test", PASSWORD).await, 200);
    let body = json!({"token": reset, "password": NEW});
    api.post("/auth/reset-password", &body).await.must_blame(422, &["token"]);
}

#[tokio::test]
async fn an_address_with_an_account_of_its_own_is_not_taken_from_it() {
    let app = App::without_browser().start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let ask = |email: &str| json!({"email": email, "password": PASSWORD});
    // The answer is the same; no letter follows.
    let taken = ann.post("/me/email", &ask(&ben.email)).await.must_be(202);
    let free = ann.post("/me/email", &ask("free@example.test")).await.must_be(202);
    assert_eq!(taken.body, free.body);
    let mailed = app.letter("free@example.test", 1).await.token();
    assert_eq!(app.letters_to(&ben.email).len(), 1);
    // Somebody registers it meanwhile.
    let body = json!({"name": "x", "email": "FREE@example.test", "password": NEW});
    app.anonymous().post("/auth/register", &body).await.must_be(202);
    let body = json!({ "token": mailed });
    app.anonymous().post("/auth/confirm", &body).await.must_blame(422, &["token"]);
    assert_eq!(ann.get("/me").await.json()["email"], ann.email);
}

#[tokio::test]
async fn sessions_are_listed_with_where_they_are_and_ended_one_by_one() {
    let app = App::without_browser().with("SYNMON_TRUSTED_PROXIES", "127.0.0.1").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let phone = app.anonymous().from("203.0.113.9");
    let phone = log_in(&phone, &ann.email, PASSWORD).await;
    let found = sessions(&ann).await;
    assert_eq!(found.len(), 2);
    let current: Vec<_> = found.iter().map(|it| it["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true]);
    assert_eq!(found[0]["address"], "203.0.113.9");
    assert_eq!(found[1]["address"], "127.0.0.1");
    for name in ["created_at", "last_used_at", "expires_at"] {
        assert!(found[0][name].as_str().unwrap().ends_with('Z'), "{found:?}");
    }
    let body = json!({"refresh_token": ann.refresh_token});
    let agent = ann.request(reqwest::Method::POST, "/auth/refresh").header("user-agent", "x/1");
    ann.send(agent.json(&body)).await.must_be(200);
    let found = sessions(&ann).await;
    assert_eq!(found[1]["user_agent"], "x/1");

    let path = format!("/sessions/{}", found[0]["id"].as_str().unwrap());
    ben.delete(&path).await.must_be(404);
    phone.get("/me").await.must_be(200);
    ann.delete(&path).await.must_be(204);
    phone.get("/me").await.must_be(401);
    ann.delete(&path).await.must_be(404);

    let (third, fourth) = (ann.log_in_again().await, ann.log_in_again().await);
    ann.delete("/sessions").await.must_be(204);
    for gone in [&third, &fourth] {
        gone.get("/me").await.must_be(401);
    }
    assert_eq!(sessions(&ann).await.len(), 1);
    ben.get("/me").await.must_be(200);
}

#[tokio::test]
async fn what_ends_a_log_in_ends_it_on_every_replica_at_once() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let replica = |roles: &str| {
        App::without_browser()
            .with("SYNMON_DATABASE_URL", &url)
            .with("SYNMON_JWT_SECRET", "the replicas have the same secret")
            .with("SYNMON_ROLES", roles)
    };
    let (one, other) = (replica("api,notices").start().await, replica("api").start().await);
    let first = one.register("ann").await;
    let there = |user: &User| user.moved_to(other.address());
    let key = json!({"name": "CI", "scopes": ["read"]});

    there(&first).get("/me").await.must_be(200);
    let body = json!({"refresh_token": first.refresh_token});
    one.anonymous().post("/auth/logout", &body).await.must_be(204);
    there(&first).get("/me").await.must_be(401);

    let second = first.log_in_again().await;
    let made = second.post("/api-keys", &key).await.must_be(201).json();
    let by_key = one.anonymous().with_token(made["key"].as_str().unwrap());
    by_key.moved_to(other.address()).get("/me").await.must_be(200);
    there(&second).get("/me").await.must_be(200);
    second.post("/me/password", &change(PASSWORD, NEW)).await.must_be(200);
    there(&second).get("/me").await.must_be(401);

    let third = log_in(&one.anonymous(), &first.email, NEW).await;
    there(&third).get("/me").await.must_be(200);
    third.delete(&format!("/api-keys/{}", made["id"].as_str().unwrap())).await.must_be(204);
    by_key.moved_to(other.address()).get("/me").await.must_be(401);
    let again = third.post("/api-keys", &key).await.must_be(201).json();
    let by_key = one.anonymous().with_token(again["key"].as_str().unwrap());
    third.delete("/me").await.must_be(204);
    there(&third).get("/me").await.must_be(401);
    by_key.moved_to(other.address()).get("/me").await.must_be(401);
}

#[tokio::test]
async fn a_weaker_hash_is_made_anew_at_the_next_log_in() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let app = App::without_browser().with("SYNMON_DATABASE_URL", &url).start().await;
    let ann = app.register("ann").await;
    let params = Params::new(8_192, 1, 1, None).unwrap();
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let weak = weak.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    server.execute_on(&url, &format!("UPDATE accounts SET password_hash = '{weak}'"));
    for hashes in [2, 1] {
        let before = app.hashes().await;
        ann.log_in_again().await;
        assert_eq!(app.hashes().await - before, hashes);
    }
    let upgraded = "password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'";
    server.execute_on(&url, &format!("SELECT 1 / COUNT(*) FROM accounts WHERE {upgraded}"));
}
