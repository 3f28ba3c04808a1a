//! Who calls; and access tokens, which are JSON Web Tokens with one algorithm and strict claims
//! (RFC 8725).

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use synmon_core::{
    ApiKeyId, OwnerId, SessionId, Timestamp,
    store::{Actor, StoreError},
};
use uuid::Uuid;

use super::ACCESS_LIFETIME;

const ISSUER: &str = "synmon";
const AUDIENCE: &str = "synmon-api";
/// The type in the header (RFC 9068), so that no other kind of token passes for one.
const TYPE: &str = "at+jwt";
const MAX_TOKEN_BYTES: usize = 4_096;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub owner: OwnerId,
    /// By what it is known.
    pub credential: Credential,
}

/// What opens an account to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A log-in.
    Session(SessionId),
    /// A key, as far as its scopes go.
    ApiKey(ApiKeyId),
}

impl From<Credential> for Actor {
    fn from(credential: Credential) -> Self {
        match credential {
            Credential::Session(id) => Self::Session(id),
            Credential::ApiKey(id) => Self::ApiKey(id),
        }
    }
}

/// Why an access token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It is expired, revoked, forged or of another kind.
    #[error("the access token is not valid")]
    Invalid,
    /// Whether it is revoked could not be found out.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs access tokens, and reads them again.
pub struct TokenKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    /// The log-in.
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl TokenKey {
    /// A key for HMAC-SHA-256, of at least 32 bytes.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }

    /// A token for an account and its log-in, good for [`ACCESS_LIFETIME`].
    ///
    /// # Panics
    /// Never: the claims are plain data, which can always be signed.
    #[must_use]
    pub fn issue(&self, owner: OwnerId, session: SessionId, now: Timestamp) -> String {
        let seconds = |at: Timestamp| at.micros().div_euclid(1_000_000);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: owner.uuid(),
            sid: session.uuid(),
            jti: Uuid::new_v4(),
            iat: seconds(now),
            nbf: seconds(now),
            exp: seconds(now + ACCESS_LIFETIME),
        };
        let header = Header { typ: Some(TYPE.to_owned()), ..Header::new(Algorithm::HS256) };
        #[expect(clippy::expect_used, reason = "the claims are plain data and the key is a secret")]
        encode(&header, &claims, &self.encoding).expect("claims can be signed")
    }

    /// The account and the log-in of a token that we have signed and that is good now.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<(OwnerId, SessionId), AccessError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AccessError::Invalid);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Times are checked below, against our own clock and without leeway.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let decoded = decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_| AccessError::Invalid)?;
        let now = now.micros().div_euclid(1_000_000);
        let Claims { nbf, exp, sub, sid, .. } = decoded.claims;
        if decoded.header.typ.as_deref() != Some(TYPE) || now < nbf || now >= exp {
            return Err(AccessError::Invalid);
        }
        Ok((OwnerId::from_uuid(sub), SessionId::from_uuid(sid)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn now() -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000)
    }

    fn issued(key: &TokenKey) -> String {
        key.issue(OwnerId::new(now()), SessionId::new(now()), now())
    }

    fn claims() -> serde_json::Value {
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": Uuid::nil(), "sid": Uuid::nil(),
            "jti": Uuid::nil(), "iat": 1_800_000_000, "nbf": 1_800_000_000, "exp": 1_800_000_900,
        })
    }

    fn signed(header: &Header, claims: &serde_json::Value) -> String {
        encode(header, claims, &EncodingKey::from_secret(SECRET)).unwrap()
    }

    fn header(typ: &str) -> Header {
        Header { typ: Some(typ.to_owned()), ..Header::new(Algorithm::HS256) }
    }

    fn unsigned(header: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(header), part(&claims()))
    }

    #[test]
    fn a_token_is_good_until_its_last_second() {
        let key = TokenKey::new(SECRET);
        let (owner, session) = (OwnerId::new(now()), SessionId::new(now()));
        let token = key.issue(owner, session, now());
        let read = |after: Duration| key.read(&token, now() + after);
        assert!(read(Duration::ZERO).is_ok());
        assert!(read(ACCESS_LIFETIME.saturating_sub(Duration::from_secs(1))).is_ok());
        assert!(read(ACCESS_LIFETIME).is_err());
        assert!(key.read(&token, now().before(Duration::from_secs(2))).is_err());
        assert_eq!(key.read(&token, now()).unwrap(), (owner, session));
    }

    #[test]
    fn everything_but_our_own_kind_of_token_is_refused() {
        let key = TokenKey::new(SECRET);
        assert!(key.read(&signed(&header(TYPE), &claims()), now()).is_ok(), "the corpus is right");
        let with = |name: &str, value: serde_json::Value| {
            let mut claims = claims();
            claims[name] = value;
            signed(&header(TYPE), &claims)
        };
        let without = |name: &str| {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(name);
            signed(&header(TYPE), &claims)
        };
        let good = signed(&header(TYPE), &claims());
        let stripped = good.rsplit_once('.').unwrap().0.to_owned() + ".";
        let other_key = issued(&TokenKey::new(b"another secret of at least 32 bytes"));
        // Signed with our key, but of a form of its own.
        let formed = |header: &str, payload: &str| {
            let message = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
            let key = EncodingKey::from_secret(SECRET);
            let signature =
                jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
            format!("{message}.{signature}")
        };
        let ours = header(TYPE);
        let ours = serde_json::to_string(&ours).unwrap();
        let twice = claims().to_string().replacen('{', "{\"exp\":9999999999,", 1);
        // With a key of the sender's own making, which the header names.
        let named = |header: Header, key: &[u8]| {
            encode(&header, &claims(), &EncodingKey::from_secret(key)).unwrap()
        };
        let path = Header { kid: Some("../../../dev/null".to_owned()), ..header(TYPE) };
        let url = Header {
            jku: Some("https://evil.example/jwks.json".to_owned()),
            x5u: Some("https://evil.example/x5u.pem".to_owned()),
            ..header(TYPE)
        };
        let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode("evil"), "alg": "HS256"});
        let jwk = Header { jwk: Some(serde_json::from_value(jwk).unwrap()), ..header(TYPE) };
        let rs256 = ours.replace("HS256", "RS256");
        assert!(key.read(&formed(&ours, &claims().to_string()), now()).is_ok());
        let hs512 = Header { typ: Some(TYPE.to_owned()), ..Header::new(Algorithm::HS512) };
        for (what, token) in [
            ("alg none", unsigned(&json!({"alg": "none", "typ": TYPE}))),
            ("alg None", unsigned(&json!({"alg": "None", "typ": TYPE}))),
            ("no signature", stripped),
            ("another algorithm", signed(&hs512, &claims())),
            ("another key", other_key),
            ("another type", signed(&header("JWT"), &claims())),
            ("another audience", with("aud", json!("other"))),
            ("another issuer", with("iss", json!("other"))),
            ("expired", with("exp", json!(1_800_000_000))),
            ("not yet", with("nbf", json!(1_800_003_600))),
            ("no exp", without("exp")),
            ("no nbf", without("nbf")),
            ("no sub", without("sub")),
            ("no session", without("sid")),
            ("long", with("jti", json!("x".repeat(8_192)))),
            ("a key by its path", named(path, b"")),
            ("a key by its address", named(url, b"evil")),
            ("a key of its own", named(jwk, b"evil")),
            ("a claim twice", formed(&ours, &twice)),
            ("a public key's algorithm", formed(&rs256, &claims().to_string())),
            ("garbage", "a.b.c".to_owned()),
            ("empty", String::new()),
        ] {
            assert!(key.read(&token, now()).is_err(), "{what}");
        }
    }
}
