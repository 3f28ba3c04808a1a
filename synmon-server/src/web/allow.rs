//! A 405 says which methods there are (RFC 9110, section 15.5.6). The router does not tell, but the
//! document that describes it does.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse as _, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::Value;

use crate::api::BASE_PATH;

/// The methods of each path.
pub(super) struct Allowed(Vec<(Vec<String>, String)>);

impl Allowed {
    /// As the document has it.
    pub(super) fn of(document: &str) -> Self {
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        Self(paths.map(|(path, item)| (segments(path), methods(item))).collect())
    }

    fn methods(&self, path: &str) -> &str {
        let wanted = path.strip_prefix(BASE_PATH).map(segments).unwrap_or_default();
        self.0
            .iter()
            .find(|(known, _)| {
                known.len() == wanted.len()
                    && known.iter().zip(&wanted).all(|(k, w)| k.starts_with('{') || k == w)
            })
            // Everything outside of the API is there to be read.
            .map_or("GET, HEAD", |(_, methods)| methods)
    }

    /// Adds the header to each 405.
    pub(super) async fn add<E: Endpoint>(
        &self,
        next: Arc<E>,
        request: Request,
    ) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        let mut response = next.call(request).await?.into_response();
        if response.status() == StatusCode::METHOD_NOT_ALLOWED
            && let Ok(methods) = HeaderValue::from_str(self.methods(&path))
        {
            response.headers_mut().insert(header::ALLOW, methods);
        }
        Ok(response)
    }
}

fn segments(path: &str) -> Vec<String> {
    path.trim_matches('/').split('/').map(str::to_owned).collect()
}

fn methods(item: &Value) -> String {
    let mut methods: Vec<String> = item
        .as_object()
        .into_iter()
        .flat_map(|item| item.keys())
        .map(|m| m.to_uppercase())
        .collect();
    if methods.iter().any(|method| method == "GET") {
        methods.push("HEAD".to_owned());
    }
    methods.join(", ")
}
