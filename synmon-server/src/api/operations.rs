//! What the operations of the API have in common, looked up in one place: what they need of a
//! caller, and how often an address may try them.

use std::sync::Arc;

use poem::http::{Method, StatusCode};
use serde_json::Value;
use synmon_core::store::Scope;

use super::BASE_PATH;
use crate::accounts::Limited;

/// What an operation needs of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: it is open to everybody.
    Nothing,
    /// An account, be it by a log-in, be it by a key with this scope.
    Scope(Scope),
    /// Somebody who is logged in. No key manages accounts, passwords, sessions or keys.
    LogIn,
}

/// An operation of the document.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Its id in the document.
    pub(crate) id: String,
    pub(crate) needs: Needs,
    /// The statuses of success, the lowest first.
    successes: Vec<u16>,
    method: Method,
    segments: Vec<String>,
}

/// All operations.
pub(super) struct Operations(Vec<Arc<Operation>>);

/// What is closed to keys, by the first part of its path.
const LOG_IN_ALONE: [&str; 3] = ["me", "sessions", "api-keys"];
/// What changes nothing although it is a POST.
const LOOKS: [&str; 2] = ["lint_flow", "preview_schedule"];
/// What has runs begin or end, or something delivered.
const RUNS: [&str; 4] = ["start_run", "cancel_run", "test_channel", "resend_delivery"];

/// What an operation needs. What is new and not named here needs no less than its kind.
pub(super) fn needs(path: &str, method: &str, operation: &Value) -> Needs {
    let id = operation["operationId"].as_str().unwrap_or_default();
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if operation.get("security").is_none() {
        Needs::Nothing
    } else if LOG_IN_ALONE.contains(&first) && id != "get_me" {
        Needs::LogIn
    } else if RUNS.contains(&id) {
        Needs::Scope(Scope::Run)
    } else if method == "get" || LOOKS.contains(&id) {
        Needs::Scope(Scope::Read)
    } else {
        Needs::Scope(Scope::Write)
    }
}

impl Operations {
    /// As the document has them.
    pub(super) fn of(document: &str) -> Self {
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        let all = paths.flat_map(|(path, item)| {
            item.as_object().into_iter().flatten().filter_map(move |(method, operation)| {
                Some(Arc::new(Operation {
                    id: operation["operationId"].as_str()?.to_owned(),
                    needs: needs(path, method, operation),
                    successes: successes(operation),
                    method: method.to_uppercase().parse().ok()?,
                    segments: segments(path),
                }))
            })
        });
        Self(all.collect())
    }

    /// The operation that a request asks for.
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<Arc<Operation>> {
        let method = if method == Method::HEAD { Method::GET } else { method.clone() };
        let wanted = segments(path.strip_prefix(BASE_PATH).unwrap_or(path));
        let mut fitting =
            self.0.iter().filter(|operation| operation.method == method && operation.fits(&wanted));
        // `/channels/confirm` is no channel: the fewer names are filled in, the better it fits.
        let first = fitting.next()?;
        Some(Arc::clone(fitting.fold(first, |best, other| {
            if other.filled_in() < best.filled_in() { other } else { best }
        })))
    }
}

impl Operation {
    fn fits(&self, wanted: &[String]) -> bool {
        self.segments.len() == wanted.len()
            && self.segments.iter().zip(wanted).all(|(own, it)| own.starts_with('{') || own == it)
    }

    fn filled_in(&self) -> usize {
        self.segments.iter().filter(|segment| segment.starts_with('{')).count()
    }

    /// With which status it succeeds, depending on whether it has made a new thing.
    pub(super) fn success(&self, made: bool) -> u16 {
        const CREATED: u16 = 201;
        let mut successes = self.successes.iter().copied();
        let fitting = successes.clone().find(|status| (*status == CREATED) == made);
        fitting.or_else(|| successes.next()).unwrap_or(200)
    }

    /// How often an address may try it. Log-ins are counted where it is known to whom.
    pub(super) fn limit(&self) -> Option<Limited> {
        Some(match self.id.as_str() {
            "register" => Limited::Register,
            "resend_confirmation" | "forgot_password" => Limited::Letters,
            "confirm" | "reset_password" | "confirm_channel" => Limited::Tokens,
            "refresh" | "log_out" => Limited::Refresh,
            "preview_schedule" => Limited::Preview,
            _ => return None,
        })
    }

    /// Whether a try with this answer is one of those that are limited: people mistype.
    pub(super) fn counts(limit: Limited, status: StatusCode) -> bool {
        match limit {
            Limited::Register | Limited::Letters => status.is_success(),
            _ => true,
        }
    }

    /// Whether it is about who may come in.
    pub(super) fn is_authentication(&self) -> bool {
        self.needs == Needs::LogIn || (self.needs == Needs::Nothing && self.segments[0] == "auth")
    }

    /// Whether it changes something.
    pub(super) fn changes(&self) -> bool {
        self.method != Method::GET && !LOOKS.contains(&self.id.as_str())
    }

    /// The kind of thing that it is about, and its id if the path has one.
    pub(super) fn thing(&self, path: &str) -> Option<(String, String)> {
        let wanted = segments(path.strip_prefix(BASE_PATH).unwrap_or(path));
        thing_of(self.segments.get(1).filter(|it| it.starts_with('{')).and(Some(&wanted))?)
    }
}

fn successes(operation: &Value) -> Vec<u16> {
    let statuses = operation["responses"].as_object().into_iter().flatten();
    let statuses = statuses.filter_map(|(status, _)| status.parse().ok());
    let mut successes: Vec<u16> = statuses.filter(|status| (200..300).contains(status)).collect();
    successes.sort_unstable();
    successes
}

/// The thing that a `Location` names.
pub(super) fn thing_at(location: &str) -> Option<(String, String)> {
    thing_of(&segments(location.strip_prefix(BASE_PATH)?))
}

fn thing_of(segments: &[String]) -> Option<(String, String)> {
    let [kind, id, ..] = segments else { return None };
    let kind = kind.strip_suffix('s').unwrap_or(kind).replace('-', "_");
    let id = id.chars().take(100).collect();
    Some((kind, id))
}

fn segments(path: &str) -> Vec<String> {
    path.trim_matches('/').split('/').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::openapi_document;

    fn found(method: &Method, path: &str) -> Option<(String, Needs)> {
        let found = Operations::of(&openapi_document()).find(method, path);
        found.map(|operation| (operation.id.clone(), operation.needs))
    }

    #[test]
    fn operations_are_found_by_method_and_path() {
        let (get, post) = (Method::GET, Method::POST);
        for (method, path, id, needs) in [
            (post.clone(), "/auth/login", "log_in", Needs::Nothing),
            (get.clone(), "/flows", "list_flows", Needs::Scope(Scope::Read)),
            (Method::HEAD, "/flows/x", "get_flow", Needs::Scope(Scope::Read)),
            (post.clone(), "/flows/x/runs", "start_run", Needs::Scope(Scope::Run)),
            (post.clone(), "/flows/x/lint", "lint_flow", Needs::Scope(Scope::Read)),
            (Method::PUT, "/flows/x/steps", "set_steps", Needs::Scope(Scope::Write)),
            (post.clone(), "/channels/confirm", "confirm_channel", Needs::Nothing),
            (get.clone(), "/channels/confirm", "get_channel", Needs::Scope(Scope::Read)),
            (get.clone(), "/me", "get_me", Needs::Scope(Scope::Read)),
            (Method::DELETE, "/me", "delete_me", Needs::LogIn),
            (post.clone(), "/me/password", "change_password", Needs::LogIn),
            (get.clone(), "/sessions", "list_sessions", Needs::LogIn),
            (post, "/api-keys", "create_api_key", Needs::LogIn),
        ] {
            let path = format!("{BASE_PATH}{path}");
            assert_eq!(found(&method, &path), Some((id.to_owned(), needs)), "{path}");
        }
        assert_eq!(found(&get, "/api/v1/nothing"), None);
        assert_eq!(found(&Method::DELETE, "/api/v1/auth/login"), None);
    }

    #[test]
    fn an_operation_succeeds_with_the_status_of_the_document() {
        let operations = Operations::of(&openapi_document());
        let success = |method, path: &str| {
            let operation = operations.find(&method, &format!("{BASE_PATH}{path}")).unwrap();
            (operation.success(true), operation.success(false))
        };
        assert_eq!(success(Method::POST, "/flows"), (201, 201));
        assert_eq!(success(Method::PUT, "/secrets/A"), (201, 200));
        assert_eq!(success(Method::DELETE, "/flows/x"), (204, 204));
        assert_eq!(success(Method::POST, "/flows/x/runs"), (202, 202));
    }

    #[test]
    fn a_thing_is_named_by_the_path_or_by_the_location() {
        let operations = Operations::of(&openapi_document());
        let thing = |method: Method, path: &str| operations.find(&method, path)?.thing(path);
        let of = |kind: &str, id: &str| Some((kind.to_owned(), id.to_owned()));
        assert_eq!(thing(Method::PATCH, "/api/v1/flows/1"), of("flow", "1"));
        assert_eq!(thing(Method::POST, "/api/v1/flows/1/runs"), of("flow", "1"));
        assert_eq!(thing(Method::DELETE, "/api/v1/api-keys/1"), of("api_key", "1"));
        assert_eq!(thing(Method::POST, "/api/v1/flows"), None);
        assert_eq!(thing(Method::POST, "/api/v1/me/password"), None);
        assert_eq!(thing_at("/api/v1/runs/2"), of("run", "2"));
        assert_eq!(thing_at("https://elsewhere.example/"), None);
    }
}
