//! Changes that meet others: nothing is mixed, and who wants to know is told.

use futures_util::future::join_all;
use reqwest::{Method, header::IF_MATCH};
use serde_json::{Value, json};

use crate::fixture::{Answer, App, User};

/// Sends a change that is to be made only to what has this tag.
async fn only_if(user: &User, tag: &str, (method, path): (Method, &str), body: &Value) -> Answer {
    user.send(user.request(method, path).header(IF_MATCH, tag).json(body)).await
}

fn steps(selectors: &[&str]) -> Value {
    let step = |(index, selector): (usize, &&str)| json!({"number": index + 1, "action": "click", "selector_xpath": selector});
    selectors.iter().enumerate().map(step).collect()
}

#[tokio::test]
async fn a_change_of_what_has_changed_meanwhile_is_412() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow = json!({
        "name": "x", "url": "http://127.0.0.1:9/", "browser": "chrome", "scheduling": "@daily",
    });
    let made = ann.post("/flows", &flow).await.must_be(201);
    let path = format!("/flows/{}", made.json()["id"].as_str().unwrap());
    let of_steps = format!("{path}/steps");
    let tag = made.header("etag").to_owned();
    assert!(tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    assert_eq!(ann.get(&path).await.header("etag"), tag);
    assert_eq!(ann.get(&of_steps).await.header("etag"), tag);

    let set = only_if(&ann, &tag, (Method::PUT, &of_steps), &steps(&["//a"])).await.must_be(200);
    let newer = set.header("etag").to_owned();
    assert_ne!(newer, tag);
    let stale = [
        only_if(&ann, &tag, (Method::PUT, &of_steps), &steps(&["//b"])).await,
        only_if(&ann, &tag, (Method::PATCH, &path), &json!({"name": "y"})).await,
        only_if(&ann, &format!("W/{newer}"), (Method::PATCH, &path), &json!({"name": "y"})).await,
        only_if(&ann, "nonsense", (Method::PATCH, &path), &json!({"name": "y"})).await,
        only_if(&ann, "ä", (Method::PATCH, &path), &json!({"name": "y"})).await,
    ];
    for answer in stale {
        answer.must_be(412).check_problem();
    }
    let now = ann.get(&path).await;
    assert_eq!(now.header("etag"), newer);
    assert_eq!(
        (&now.json()["name"], now.json()["steps"].as_array().unwrap().len()),
        (&json!("x"), 1)
    );
    assert_eq!(now.json()["steps"][0]["selector_xpath"], "//a");

    // One of several, any, and without the header as ever.
    let list = format!("{tag}, {newer}");
    let changed = only_if(&ann, &list, (Method::PATCH, &path), &json!({"name": "y"})).await;
    assert_ne!(changed.must_be(200).header("etag"), newer);
    only_if(&ann, "*", (Method::PATCH, &path), &json!({"name": "z"})).await.must_be(200);
    let plain = ann.patch(&path, &json!({"name": "w"})).await.must_be(200);
    assert_eq!(ann.get(&path).await.header("etag"), plain.header("etag"));
    // What is not there is 404, whatever is expected of it; and what is not valid says so first.
    let missing = "/flows/01890a5d-ac96-774b-bcce-b302099a8057";
    only_if(&ann, "*", (Method::PATCH, missing), &json!({"name": "z"})).await.must_be(404);
    only_if(&ann, &tag, (Method::PATCH, missing), &json!({"name": "z"})).await.must_be(404);
    let ben = app.register("ben").await;
    only_if(&ben, plain.header("etag"), (Method::PATCH, &path), &json!({"name": "b"}))
        .await
        .must_be(404);
    // A run changes nothing that an owner has set.
    let before = plain.header("etag").to_owned();
    let id = path.rsplit('/').next().unwrap();
    ann.run_to_its_end(id).await;
    assert_eq!(ann.get(&path).await.header("etag"), before);
}

#[tokio::test]
async fn of_many_who_know_one_version_one_changes_it() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let id = ann.flow_with_steps("http://127.0.0.1:9/", steps(&["//start"])).await;
    let path = format!("/flows/{id}/steps");
    let tag = ann.get(&path).await.header("etag").to_owned();
    let lists: Vec<Vec<String>> = (0..8_usize)
        .map(|who| (0..=who).map(|place| format!("//of[{who}]/step[{place}]")).collect())
        .collect();
    let put = lists.iter().map(|list| {
        let body = steps(&list.iter().map(String::as_str).collect::<Vec<_>>());
        let (ann, tag, path) = (&ann, &tag, &path);
        async move { only_if(ann, tag, (Method::PUT, path), &body).await }
    });
    let answers = join_all(put).await;
    let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [200, 412].contains(&answer.status)), "{answers:?}");
    let now = ann.get(&path).await;
    assert_eq!(now.json(), winners[0].json());
    assert_eq!(now.header("etag"), winners[0].header("etag"));

    // Those who don't say what they know replace one another's steps, and never mix them.
    let put = lists.iter().map(|list| {
        let body = steps(&list.iter().map(String::as_str).collect::<Vec<_>>());
        let (ann, path) = (&ann, &path);
        async move { ann.put(path, &body).await }
    });
    let answers = join_all(put).await;
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)), "{answers:?}");
    let now = ann.get(&path).await.json();
    let found: Vec<_> =
        now.as_array().unwrap().iter().map(|step| &step["selector_xpath"]).collect();
    assert!(lists.iter().any(|list| found == list.iter().collect::<Vec<_>>()), "{now}");
}
