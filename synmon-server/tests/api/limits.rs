//! How often what may be done; and that nobody is locked out by others.

use reqwest::Method;
use serde_json::{Value, json};
use synmon_testkit::postgres::Postgres;

use crate::fixture::{Answer, Api, App, PASSWORD, ROOMY, Setup, User, address_of, log_in};

/// A server that believes this machine where a request came from.
fn behind_a_proxy(rates: &str) -> Setup {
    App::without_browser()
        .with("SYNMON_TRUSTED_PROXIES", "127.0.0.0/8")
        .with("SYNMON_RATE_LIMITS", &format!("{ROOMY},{rates}"))
}

async fn try_password(api: &Api, name: &str, password: &str) -> Answer {
    let body = json!({"email": address_of(name), "password": password});
    api.post("/auth/login", &body).await
}

/// So many answers were this one, and all others 429 with a time to wait.
#[track_caller]
fn limited(answers: &[Answer], status: u16, count: usize) {
    let admitted = answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(admitted, count, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != status) {
        assert_eq!(answer.status, 429, "{answer:?}");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=3_600).contains(&wait), "{answer:?}");
    }
}

fn registration(name: &str) -> Value {
    json!({"name": name, "email": address_of(name), "password": PASSWORD})
}

#[tokio::test]
async fn wrong_log_ins_are_limited_over_all_replicas_and_lock_nobody_out() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let replica = |roles: &str| {
        behind_a_proxy("log_in=1/h:10")
            .with("SYNMON_DATABASE_URL", &url)
            .with("SYNMON_JWT_SECRET", "the replicas have the same secret")
            .with("SYNMON_ROLES", roles)
    };
    let (one, other) = (replica("api,notices").start().await, replica("api").start().await);
    let ann = one.register("ann").await;
    let before = one.hashes().await + other.hashes().await;
    let (mut answers, thief) = (Vec::new(), "198.51.100.7");
    for turn in 0..60 {
        let server = if turn % 2 == 0 { &one } else { &other };
        let name = if turn % 3 == 0 { "ann" } else { "nobody" };
        answers.push(try_password(&server.anonymous().from(thief), name, "wrong").await);
    }
    limited(&answers, 401, 10);
    let hashed = one.hashes().await + other.hashes().await - before;
    assert_eq!(hashed, 10, "what is refused costs nothing");
    // Not even the right password, from there.
    try_password(&one.anonymous().from(thief), "ann", PASSWORD).await.must_be(429);
    // From anywhere else, and for whoever is in already, nothing has changed.
    let elsewhere = other.anonymous().from("203.0.113.9");
    let again = log_in(&elsewhere, &ann.email, PASSWORD).await;
    again.get("/me").await.must_be(200);
    ann.get("/me").await.must_be(200);
    let body = json!({"refresh_token": ann.refresh_token});
    one.anonymous().post("/auth/refresh", &body).await.must_be(200);
}

#[tokio::test]
async fn right_log_ins_are_no_wrong_ones_and_one_network_of_ipv6_is_one_client() {
    let app = behind_a_proxy("log_in=1/h:3").start().await;
    app.register("ann").await;
    let api = app.anonymous();
    for _ in 0..8 {
        try_password(&api, "ann", PASSWORD).await.must_be(200);
    }
    let mut answers = Vec::new();
    for host in 1..=9 {
        let from = api.from(&format!("2001:db8:1:2::{host}"));
        answers.push(try_password(&from, "ann", "wrong").await);
    }
    limited(&answers, 401, 3);
    try_password(&api.from("2001:db8:1:3::1"), "ann", "wrong").await.must_be(401);
    // Nor does what could not be read.
    for _ in 0..8 {
        api.raw(Method::POST, "/auth/login", "{").await.must_be(400);
    }
    try_password(&api, "ann", "wrong").await.must_be(401);
}

#[tokio::test]
async fn right_log_ins_of_one_client_do_not_take_all_hashes_either() {
    let app = behind_a_proxy("log_ins=1/h:5,password=1/h:3").start().await;
    let ann = app.register("ann").await;
    let home = app.anonymous().from("203.0.113.1");
    let before = app.hashes().await;
    let mut answers = Vec::new();
    for _ in 0..9 {
        answers.push(try_password(&home, "ann", PASSWORD).await);
    }
    limited(&answers, 200, 5);
    assert_eq!(app.hashes().await - before, 5, "what is refused costs nothing");
    // Nor do checks of a password that is right.
    let mut answers = Vec::new();
    for turn in 0..6 {
        let other = json!({"email": address_of(&format!("other{turn}")), "password": PASSWORD});
        answers.push(ann.post("/me/email", &other).await);
    }
    limited(&answers, 202, 3);
    try_password(&app.anonymous().from("192.0.2.9"), "ann", PASSWORD).await.must_be(200);
}

#[tokio::test]
async fn the_letters_that_ask_for_another_address_are_limited() {
    let app = behind_a_proxy("letters=1/h:2").start().await;
    let ann = app.register("ann").await;
    let mut answers = Vec::new();
    for turn in 0..5 {
        let other = json!({"email": address_of(&format!("other{turn}")), "password": PASSWORD});
        answers.push(ann.post("/me/email", &other).await);
    }
    limited(&answers, 202, 2);
}

#[tokio::test]
async fn a_neighbour_who_tries_passwords_keeps_nobody_out_who_is_at_home_there() {
    let app = behind_a_proxy("log_in=1/h:3,log_in_known=1/h:2").start().await;
    let home = app.anonymous().from("203.0.113.1");
    app.register("ann").await;
    app.register("ben").await;
    try_password(&home, "ann", PASSWORD).await.must_be(200);
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(try_password(&home, "nobody", "wrong").await);
    }
    limited(&answers, 401, 3);
    // Ben was never there.
    try_password(&home, "ben", PASSWORD).await.must_be(429);
    // And who guesses Ann's password has no more tries than she.
    try_password(&home, "ann", "wrong").await.must_be(401);
    try_password(&home, "ann", PASSWORD).await.must_be(200);
    try_password(&home, "ann", PASSWORD).await.must_be(429);
}

#[tokio::test]
async fn an_account_that_is_hammered_from_everywhere_is_open_to_those_whom_it_knows() {
    let app = behind_a_proxy("log_in_account=1/h:6").start().await;
    let api = app.anonymous();
    let home = api.from("203.0.113.1");
    api.post("/auth/register", &registration("ann")).await.must_be(202);
    let token = app.letter(&address_of("ann"), 1).await.token();
    api.post("/auth/confirm", &json!({ "token": token })).await.must_be(204);
    let ann = log_in(&home, &address_of("ann"), PASSWORD).await;
    for name in ["ann", "nobody"] {
        let mut answers = Vec::new();
        for host in 1..=12 {
            let from = api.from(&format!("198.51.100.{host}"));
            answers.push(try_password(&from, name, "wrong").await);
        }
        // One log-in of Ann's was counted before.
        limited(&answers, 401, if name == "ann" { 5 } else { 6 });
    }
    try_password(&api.from("198.51.100.99"), "ann", PASSWORD).await.must_be(429);
    try_password(&home, "ann", PASSWORD).await.must_be(200);
    ann.get("/me").await.must_be(200);
    let body = json!({"refresh_token": ann.refresh_token});
    api.from("198.51.100.99").post("/auth/refresh", &body).await.must_be(200);
}

#[tokio::test]
async fn registrations_letters_tokens_and_refreshes_are_limited_by_address() {
    let rates = "register=1/h:2,letters=1/h:2,tokens=1/h:3,refresh=1/h:4";
    let app = behind_a_proxy(rates).start().await;
    let (api, other) = (app.anonymous().from("198.51.100.7"), app.anonymous().from("192.0.2.9"));
    // What is not valid is not counted.
    for _ in 0..5 {
        api.post("/auth/register", &json!({"name": "", "email": "", "password": ""}))
            .await
            .must_be(422);
    }
    let names = ["a", "b", "c", "d"];
    let address = |name: &str| json!({"email": address_of(name)});
    let token = json!({"token": "no token"});
    let (mut registered, mut letters, mut confirmed, mut refreshed) =
        (vec![], vec![], vec![], vec![]);
    for (turn, name) in names.into_iter().cycle().take(8).enumerate() {
        registered.push(api.post("/auth/register", &registration(name)).await);
        let path =
            ["/auth/forgot-password", "/auth/resend-confirmation"][usize::from(turn % 2 == 0)];
        letters.push(api.post(path, &address(name)).await);
        let path = ["/auth/confirm", "/channels/confirm"][turn % 2];
        confirmed.push(api.post(path, &token).await);
        let body = json!({"refresh_token": "none"});
        refreshed.push(api.post("/auth/refresh", &body).await);
    }
    limited(&registered, 202, 2);
    limited(&letters, 202, 2);
    limited(&confirmed, 422, 3);
    limited(&refreshed, 401, 4);
    other.post("/auth/register", &registration("e")).await.must_be(202);
    other.post("/auth/confirm", &token).await.must_be(422);
}

#[tokio::test]
async fn what_a_client_says_of_its_own_address_is_not_believed() {
    let rates = format!("{ROOMY},register=1/h:2");
    let app = App::without_browser().with("SYNMON_RATE_LIMITS", &rates).start().await;
    let mut answers = Vec::new();
    for host in 1..=5 {
        let api = app.anonymous().from(&format!("198.51.100.{host}"));
        answers.push(api.post("/auth/register", &registration(&format!("u{host}"))).await);
    }
    limited(&answers, 202, 2);
    // Behind a proxy, only what the proxy itself has added is.
    let app = behind_a_proxy("register=1/h:2").start().await;
    let mut answers = Vec::new();
    for host in 1..=5 {
        let api = app.anonymous().from(&format!("198.51.100.{host}, 203.0.113.1"));
        answers.push(api.post("/auth/register", &registration(&format!("u{host}"))).await);
    }
    limited(&answers, 202, 2);
}

#[tokio::test]
async fn the_calls_of_an_account_are_limited() {
    let app = behind_a_proxy("api=1/h:30").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let other = ann.log_in_again().await;
    let mut answers = Vec::new();
    for turn in 0..50 {
        let user: &User = if turn % 2 == 0 { &ann } else { &other };
        answers.push(user.get("/flows").await);
    }
    limited(&answers, 200, 30);
    ben.get("/flows").await.must_be(200);
    // Without an account nothing is counted.
    for _ in 0..40 {
        ann.anonymous().get("/flows").await.must_be(401);
    }
}

#[tokio::test]
async fn the_password_of_an_account_is_not_tried_on_and_on_with_an_access_token() {
    let app = behind_a_proxy("password=1/h:4").start().await;
    let ann = app.register("ann").await;
    let mut answers = Vec::new();
    for turn in 0..10 {
        let wrong = json!({"current_password": "wrong", "password": "a new password"});
        let other = json!({"email": "other@example.test", "password": "wrong"});
        answers.push(match turn % 2 {
            0 => ann.post("/me/password", &wrong).await,
            _ => ann.post("/me/email", &other).await,
        });
    }
    limited(&answers, 422, 4);
    ann.log_in_again().await;
}

#[tokio::test]
async fn an_address_that_is_registered_on_and_on_keeps_a_link_that_works() {
    let app = behind_a_proxy("mails=2/h").start().await;
    let api = app.anonymous();
    for turn in 0..9 {
        let password = format!("password no. {turn}");
        let body = json!({"name": "x", "email": address_of("ann"), "password": password});
        api.post("/auth/register", &body).await.must_be(202);
    }
    api.post("/auth/resend-confirmation", &json!({"email": address_of("ann")})).await.must_be(202);
    // The letters come in the order of the requests: this one shows that all others are through.
    api.post("/auth/register", &registration("ben")).await.must_be(202);
    app.letter(&address_of("ben"), 1).await;
    let letters = app.letters_to(&address_of("ann"));
    assert_eq!(letters.len(), 3, "two for registrations from here, one that was asked for");
    let token = letters[2].token();
    api.post("/auth/confirm", &json!({ "token": token })).await.must_be(204);
    try_password(&api, "ann", "password no. 1").await.must_be(200);
    // Whoever has an account is not flooded with letters that say so.
    for _ in 0..9 {
        api.post("/auth/register", &registration("ben")).await.must_be(202);
    }
    api.post("/auth/register", &registration("cid")).await.must_be(202);
    app.letter(&address_of("cid"), 1).await;
    assert_eq!(app.letters_to(&address_of("ben")).len(), 2);
}

#[tokio::test]
async fn by_the_usual_rates_wrong_log_ins_cost_few_hashes() {
    let app = App::without_browser().with("SYNMON_RATE_LIMITS", "register=3/h:10").start().await;
    app.register("ann").await;
    let before = app.hashes().await;
    let mut refused = 0;
    for _ in 0..200 {
        refused += u32::from(try_password(&app.anonymous(), "ann", "wrong").await.status == 429);
    }
    // Ten, and three a minute.
    let hashed = app.hashes().await - before;
    assert!((10..=60).contains(&hashed), "{hashed}");
    assert_eq!(u64::from(refused) + hashed, 200);
}

#[tokio::test]
async fn what_only_looks_is_limited_like_any_other_call() {
    let app = behind_a_proxy("api=1/h:30,preview=1/h:30").allowing("127.0.0.1").start().await;
    let ben = app.register("ben").await;
    let steps = json!([{"number": 1, "action": "reload"}]);
    let flow = ben.flow_with_steps("http://127.0.0.1:9/", steps).await;
    let lint = format!("/flows/{flow}/lint");
    let mut answers = Vec::new();
    for _ in 0..40 {
        answers.push(ben.post_nothing(&lint).await);
    }
    // The flow was two calls.
    limited(&answers, 200, 28);
    // A preview needs no account, so its address counts, be it right or wrong.
    let stranger = app.anonymous().from("192.0.2.1");
    let mut answers = Vec::new();
    for turn in 0..40 {
        let most = json!({"scheduling": "59 23 29 2 *", "count": 100});
        let wrong = json!({"scheduling": "x".repeat(1_000 + turn)});
        let answer = stranger.post("/schedules/preview", if turn < 10 { &wrong } else { &most });
        answers.push(answer.await);
    }
    limited(&answers[10..], 200, 20);
    let other = app.anonymous().from("192.0.2.2");
    other.post("/schedules/preview", &json!({"scheduling": "@daily"})).await.must_be(200);
}
