//! The OpenAPI document and its browsable page, which needs no internet.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::{Endpoint, Response, endpoint::make_sync, http::header};
use poem_openapi::OpenApiService;
use sha2::{Digest as _, Sha256};

/// The document.
pub(super) fn document(document: String) -> impl Endpoint {
    poem::get(make_sync(move |_| {
        Response::builder()
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(document.clone())
    }))
}

/// The page that shows it: Swagger UI, whole, with the document inside.
pub(super) fn page(document: &str) -> impl Endpoint + use<> {
    let page = html(document);
    let policy = policy(&page);
    poem::get(make_sync(move |_| {
        Response::builder()
            .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, &policy)
            .body(page.clone())
    }))
}

/// The framework's page is made for the framework's document; ours takes its place.
fn html(document: &str) -> String {
    const BEFORE: &str = "let spec = ";
    const AFTER: &str = ";\n    let oauth2RedirectUrl";
    let page = OpenApiService::new((), "synmon", "").swagger_ui_html();
    let page = page.replacen("<title>Swagger UI</title>", "<title>synmon API</title>", 1);
    let (Some(start), Some(end)) = (page.find(BEFORE), page.find(AFTER)) else {
        return page;
    };
    // `</` would end the script early.
    let document = document.replace("</", "<\\/");
    format!("<!doctype html>\n{}{document}{}", &page[..start + BEFORE.len()], &page[end..])
}

/// The page's scripts are in it: each is allowed by its hash, and no other.
fn policy(page: &str) -> String {
    let hashes: Vec<String> = scripts(page)
        .map(|script| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script))))
        .collect();
    format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hashes.join(" ")
    )
}

/// The texts of the page's scripts. One after the other: a script may itself speak of `<script>`.
fn scripts(page: &str) -> impl Iterator<Item = &str> {
    let mut rest = page;
    std::iter::from_fn(move || {
        let (_, tag) = rest.split_once("<script")?;
        let (_, body) = tag.split_once('>')?;
        let (script, after) = body.split_once("</script>")?;
        rest = after;
        Some(script)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_our_document_and_allows_exactly_its_own_scripts() {
        let page = html("{\"openapi\": \"canary\"}");
        assert!(page.contains("let spec = {\"openapi\": \"canary\"};"));
        assert_eq!(policy(&page).matches("sha256-").count(), 2);
        assert!(!page.contains("https://unpkg.com"));
    }
}
