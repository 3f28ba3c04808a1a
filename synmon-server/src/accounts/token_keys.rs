//! Access tokens: JSON Web Tokens with one algorithm and strict claims (RFC 8725).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use synmon_core::{AccessId, OwnerId, SessionId, Timestamp, store::Access};
use uuid::Uuid;

use super::{ACCESS_LIFETIME, AccessError};

const ISSUER: &str = "synmon";
const AUDIENCE: &str = "synmon-api";
/// The type in the header (RFC 9068), so that no other kind of token passes for one.
const TYPE: &str = "at+jwt";
const MAX_TOKEN_BYTES: usize = 4_096;

/// Signs access tokens, and reads them again.
pub struct TokenKeys {
    signing: EncodingKey,
    /// Those that may have signed a token: the one that signs now comes first.
    reading: Vec<ReadingKey>,
}

/// A key that tokens are read with.
struct ReadingKey {
    /// What the `kid` of its tokens says.
    id: String,
    key: DecodingKey,
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

impl TokenKeys {
    /// Signs by a secret for HMAC-SHA-256, of at least 32 bytes. Tokens that another one has signed
    /// are read, too: until they expire nobody notices that the secret is a new one.
    #[must_use]
    pub fn new(secret: &[u8], other: Option<&[u8]>) -> Self {
        let reading = std::iter::once(secret)
            .chain(other)
            .map(|secret| ReadingKey { id: key_id(secret), key: DecodingKey::from_secret(secret) });
        Self { signing: EncodingKey::from_secret(secret), reading: reading.collect() }
    }

    /// A token, good for [`ACCESS_LIFETIME`].
    ///
    /// # Panics
    /// Never: the claims are plain data, which can always be signed.
    #[must_use]
    pub fn issue(&self, access: &Access, now: Timestamp) -> String {
        let seconds = |at: Timestamp| at.micros().div_euclid(1_000_000);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: access.account.uuid(),
            sid: access.session.uuid(),
            jti: access.id.uuid(),
            iat: seconds(now),
            nbf: seconds(now),
            exp: seconds(now + ACCESS_LIFETIME),
        };
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: self.reading.first().map(|key| key.id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        #[expect(clippy::expect_used, reason = "the claims are plain data and the key is a secret")]
        encode(&header, &claims, &self.signing).expect("claims can be signed")
    }

    /// What a token says that we have signed and that is good now.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<Access, AccessError> {
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
        let decoded = decode::<Claims>(token, self.key_of(token)?, &validation)
            .map_err(|_| AccessError::Invalid)?;
        let now = now.micros().div_euclid(1_000_000);
        let Claims { nbf, exp, sub, sid, jti, .. } = decoded.claims;
        if decoded.header.typ.as_deref() != Some(TYPE) || now < nbf || now >= exp {
            return Err(AccessError::Invalid);
        }
        Ok(Access {
            id: AccessId::from_uuid(jti),
            session: SessionId::from_uuid(sid),
            account: OwnerId::from_uuid(sub),
        })
    }

    /// The key that a token names. It is looked for among those that we have, and nowhere else. Of
    /// an earlier version, tokens name none: they are held to the key that signs now.
    fn key_of(&self, token: &str) -> Result<&DecodingKey, AccessError> {
        let header = decode_header(token).map_err(|_| AccessError::Invalid)?;
        let named = |key: &&ReadingKey| header.kid.as_ref().is_none_or(|id| *id == key.id);
        self.reading.iter().find(named).map(|key| &key.key).ok_or(AccessError::Invalid)
    }
}

/// What a key is known by: a part of a hash, which tells no more of a secret than a signature does.
fn key_id(secret: &[u8]) -> String {
    let hash = Sha256::new()
        .chain_update("synmon: the name of a signing key\0")
        .chain_update(secret)
        .finalize();
    URL_SAFE_NO_PAD.encode(&hash[..8])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const OTHER: &[u8] = b"another secret of at least 32 bytes";

    fn now() -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000)
    }

    fn access() -> Access {
        let (id, session) = (AccessId::new(now()), SessionId::new(now()));
        Access { id, session, account: OwnerId::new(now()) }
    }

    fn issued(keys: &TokenKeys) -> String {
        keys.issue(&access(), now())
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
        let key = TokenKeys::new(SECRET, None);
        let access = access();
        let token = key.issue(&access, now());
        let read = |after: Duration| key.read(&token, now() + after);
        assert!(read(Duration::ZERO).is_ok());
        assert!(read(ACCESS_LIFETIME.saturating_sub(Duration::from_secs(1))).is_ok());
        assert!(read(ACCESS_LIFETIME).is_err());
        assert!(key.read(&token, now().before(Duration::from_secs(2))).is_err());
        assert_eq!(key.read(&token, now()).unwrap(), access);
    }

    #[test]
    fn everything_but_our_own_kind_of_token_is_refused() {
        let key = TokenKeys::new(SECRET, Some(OTHER));
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
        let other_key = issued(&TokenKeys::new(b"a third secret, unknown, of 32 bytes", None));
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
        let kid = |kid: &str| Header { kid: Some(kid.to_owned()), ..header(TYPE) };
        let (ours_by_id, others_by_id) = (key_id(SECRET), key_id(OTHER));
        assert!(key.read(&named(kid(&ours_by_id), SECRET), now()).is_ok());
        assert!(key.read(&named(kid(&others_by_id), OTHER), now()).is_ok());
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
            ("a key by its path", named(path.clone(), b"")),
            ("a path, but our key", named(path, SECRET)),
            ("no key's name", named(kid(""), SECRET)),
            ("an unknown key's name", named(kid("AAAAAAAAAAA"), SECRET)),
            ("the name of another of our keys", named(kid(&others_by_id), SECRET)),
            ("no name, and not the key that signs", named(header(TYPE), OTHER)),
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

    #[test]
    fn tokens_of_an_old_secret_are_good_until_they_expire_or_it_is_dropped() {
        let old = TokenKeys::new(SECRET, None);
        let rotated = TokenKeys::new(OTHER, Some(SECRET));
        let access = access();
        let token = old.issue(&access, now());
        assert_eq!(rotated.read(&token, now()).unwrap(), access);
        let last = now() + ACCESS_LIFETIME.saturating_sub(Duration::from_secs(1));
        assert_eq!(rotated.read(&token, last).unwrap(), access);
        assert!(rotated.read(&token, now() + ACCESS_LIFETIME).is_err());
        assert!(TokenKeys::new(OTHER, None).read(&token, now()).is_err());
        // What is signed from now on is signed by the new one.
        let token = issued(&rotated);
        assert!(old.read(&token, now()).is_err());
        assert!(TokenKeys::new(OTHER, None).read(&token, now()).is_ok());
        let kid = decode_header(&token).unwrap().kid.unwrap();
        assert_eq!(kid, key_id(OTHER));
        assert_ne!(kid, key_id(SECRET));
    }
}
