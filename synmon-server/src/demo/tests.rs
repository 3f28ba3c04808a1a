//! The shop as a browser meets it.

use poem::http::{Method, StatusCode, Uri};

use super::*;

/// A shop, asked directly: no socket between it and the test.
struct Shop(BoxEndpoint<'static>);

impl Shop {
    fn open() -> Self {
        Self(routes())
    }

    async fn ask(&self, method: Method, path: &str, form: &str) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path.parse::<Uri>().unwrap())
            .content_type("application/x-www-form-urlencoded")
            .body(form.to_owned());
        self.0.get_response(request).await
    }

    async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path, "").await
    }

    /// Throws a switch.
    async fn post(&self, path: &str) {
        let response = self.ask(Method::POST, path, "").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
    }

    async fn send(&self, form: &str) -> Response {
        self.ask(Method::POST, "/contact", form).await
    }
}

async fn text(response: Response) -> String {
    response.into_body().into_string().await.unwrap()
}

async fn get_text(shop: &Shop, path: &str) -> String {
    let response = shop.get(path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    text(response).await
}

/// How often `field` (an input of the contact form, by its name) is on the contact page.
async fn fields(shop: &Shop, field: &str) -> usize {
    let page = get_text(shop, "/contact").await;
    page.matches(&format!("<input id=\"{field}\"")).count()
}

#[tokio::test]
async fn every_page_and_file_of_the_shop_answers() {
    let shop = Shop::open();
    let paths = [
        "/",
        "/product/1",
        "/product/2",
        "/product/3",
        "/product/4",
        "/contact",
        "/slow",
        "/_demo",
        "/assets/shop.css",
        "/assets/shop.js",
        "/assets/teapot.svg",
    ];
    for path in paths {
        assert!(!get_text(&shop, path).await.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn the_home_page_is_called_homepage_and_lists_each_teapot() {
    let page = get_text(&Shop::open(), "/").await;
    assert!(page.contains(r#"<div id="homepage""#));
    for number in 1..=4 {
        assert!(page.contains(&format!(r#"href="/product/{number}""#)), "{number}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_404_with_a_page() {
    let shop = Shop::open();
    for path in ["/product/0", "/product/5", "/product/x", "/assets/..", "/nowhere"] {
        let response = shop.get(path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert!(text(response).await.contains("No teapot here"), "{path}");
    }
}

#[tokio::test]
async fn a_sent_form_is_thanked_by_name() {
    let form = "name=Ada&email=ada%40example.com&phone=068888888";
    let response = Shop::open().send(form).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(text(response).await.contains(r#"<h1 id="thanks">Thank you, Ada</h1>"#));
}

#[tokio::test]
async fn a_name_made_of_markup_stays_text() {
    let form = "name=%3Cscript%3Ealert(1)%3C%2Fscript%3E%7B%7B+page+%7D%7D";
    let page = text(Shop::open().send(form).await).await;
    assert!(page.contains("Thank you, &lt;script&gt;"), "{page}");
    assert!(page.contains("{{ page }}"), "a value is not a template");
}

#[tokio::test]
async fn a_message_without_end_is_refused() {
    let form = format!("name={}", "x".repeat(20_000));
    let response = Shop::open().send(&form).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_break_switch_takes_the_email_field_and_leaves_the_others() {
    let shop = Shop::open();
    assert_eq!(fields(&shop, "email").await, 1);

    shop.post("/_demo/break").await;
    assert_eq!(fields(&shop, "email").await, 0);
    assert_eq!(fields(&shop, "name").await, 1);
    assert_eq!(fields(&shop, "phone").await, 1);
    // The place stays, so that the third field does not move up to be the second.
    assert_eq!(get_text(&shop, "/contact").await.matches("<span class=\"field\"").count(), 3);

    shop.post("/_demo/fix").await;
    assert_eq!(fields(&shop, "email").await, 1);
}

#[tokio::test]
async fn a_shop_that_is_down_answers_503_until_it_is_fixed() {
    let shop = Shop::open();
    shop.post("/_demo/down").await;
    for path in ["/", "/contact", "/nowhere"] {
        let response = shop.get(path).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    assert!(get_text(&shop, "/_demo").await.contains("state-down"));
    shop.post("/_demo/fix").await;
    assert_eq!(shop.get("/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_switch_is_not_thrown_by_following_a_link() {
    let shop = Shop::open();
    let response = shop.get("/_demo/break").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(fields(&shop, "email").await, 1);
}

#[tokio::test]
async fn two_shops_do_not_share_their_switches() {
    let (one, other) = (Shop::open(), Shop::open());
    one.post("/_demo/break").await;
    assert_eq!(fields(&one, "email").await, 0);
    assert_eq!(fields(&other, "email").await, 1);
}
