//! Who calls: every command and query has a verified [`Caller`], and one table says which role may call what.
//!
//! Tokens are JWTs of the issuer whose public keys (JWKS) the settings name; only ES256 is accepted. Health and reflection stay open.
use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tonic::{Extensions, Status};

use crate::{Instant, clock, settings};

/// A verified caller.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Caller {
    #[serde(rename = "sub")]
    pub subject: String,
    #[serde(default)]
    pub roles: Vec<String>,
    /// Offices the caller acts for; `*` for all.
    #[serde(default)]
    pub offices: Vec<String>,
}

/// The person who confirms what one person alone may not do; verified like the caller, another subject.
#[derive(Debug, Clone)]
pub struct SecondPerson(pub Caller);

/// Which roles may call a method; a method that is missing may be called by nobody.
pub type RoleTable = &'static [(&'static str, &'static [&'static str])];

/// What every service offers to every role that operates it, besides its own calls.
pub const OPERATIONS: RoleTable = &[
    ("/customs.common.v1.Operations/ReadJournal", &["service", "auditor", "operator"]),
    ("/customs.common.v1.Operations/Witnessed", &["service", "auditor", "operator"]),
    ("/customs.common.v1.Operations/ListDeadLetters", &["operator", "auditor"]),
    ("/customs.common.v1.Operations/ShowDeadLetter", &["operator", "auditor"]),
    ("/customs.common.v1.Operations/Redrive", &["operator"]),
    ("/customs.common.v1.Operations/Discard", &["operator"]),
];

impl Caller {
    pub fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }

    /// May act for this office.
    pub fn acts_for(&self, office: &str) -> bool {
        self.offices.iter().any(|o| o == "*" || o == office)
    }

    /// The caller of a request that passed [`guard`].
    pub fn of(extensions: &Extensions) -> Result<Self, Status> {
        extensions.get::<Self>().cloned().ok_or_else(|| Status::unauthenticated("no caller"))
    }

    /// The second person of a request, if it carries one with this role.
    pub fn second(extensions: &Extensions, role: &str) -> Option<Self> {
        extensions.get::<SecondPerson>().map(|s| s.0.clone()).filter(|s| s.has(role))
    }
}

#[derive(Deserialize)]
struct Claims {
    #[serde(flatten)]
    caller: Caller,
    #[serde(flatten)]
    lifetime: Lifetime,
}

/// From when to when a token counts, in seconds since 1970 (RFC 7519, NumericDate).
#[derive(Debug, Clone, Copy, Deserialize)]
struct Lifetime {
    exp: f64,
    #[serde(default)]
    nbf: f64,
}

/// Clocks of issuer and service may differ by so many seconds.
const LEEWAY: i64 = 60;
/// Tokens that are remembered.
const MOST_VERIFIED: usize = 1024;

/// SHA-256 of a token.
type Digest = [u8; 32];

impl Lifetime {
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 have fewer than 53 bits")]
    fn holds_at(&self, now: Instant) -> bool {
        let seconds = now.timestamp();
        self.exp >= (seconds - LEEWAY) as f64 && self.nbf <= (seconds + LEEWAY) as f64
    }
}

/// Verifies tokens; reads the keys again when a token names a key it does not know.
pub struct Verifier {
    path: String,
    validation: Validation,
    keys: RwLock<HashMap<String, DecodingKey>>,
    /// What was verified under these keys, by the token's digest: a signature costs more than most of what is asked under it.
    verified: RwLock<HashMap<Digest, (Caller, Lifetime)>>,
    roles: Vec<(&'static str, &'static [&'static str])>,
}

impl Verifier {
    pub fn new(auth: &settings::Auth, roles: RoleTable) -> Self {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.algorithms = vec![Algorithm::ES256];
        validation.set_audience(&[&auth.audience]);
        validation.set_issuer(&[&auth.issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // Judged by `Lifetime`, at the one clock that this process goes by.
        validation.validate_exp = false;
        let verifier = Self {
            path: auth.jwks.clone(),
            validation,
            keys: RwLock::default(),
            verified: RwLock::default(),
            roles: roles.iter().chain(OPERATIONS).copied().collect(),
        };
        verifier.reload();
        verifier
    }

    /// The caller that a bearer token names.
    pub fn verify(&self, token: &str) -> Result<Caller, Status> {
        let digest: Digest = Sha256::digest(token).into();
        let known = self.verified.read().ok().and_then(|verified| verified.get(&digest).cloned());
        let (caller, lifetime) = match known {
            Some(known) => known,
            None => {
                let known = self.decode(token)?;
                self.remember(digest, known.clone());
                known
            }
        };
        if lifetime.holds_at(clock::now()) { Ok(caller) } else { Err(Status::unauthenticated("the token is not valid")) }
    }

    fn remember(&self, digest: Digest, known: (Caller, Lifetime)) {
        if let Ok(mut verified) = self.verified.write() {
            if verified.len() >= MOST_VERIFIED {
                verified.clear();
            }
            verified.insert(digest, known);
        }
    }

    /// Checks the signature and reads who signed for whom, whenever that was.
    fn decode(&self, token: &str) -> Result<(Caller, Lifetime), Status> {
        let refused = |_| Status::unauthenticated("the token is not valid");
        let kid = decode_header(token).map_err(refused)?.kid.ok_or_else(|| Status::unauthenticated("the token names no key"))?;
        let key = self.key(&kid).or_else(|| {
            self.reload();
            self.key(&kid)
        });
        let key = key.ok_or_else(|| Status::unauthenticated("the token's key is unknown"))?;
        let claims = decode::<Claims>(token, &key, &self.validation).map_err(refused)?.claims;
        Ok((claims.caller, claims.lifetime))
    }

    fn authorise(&self, caller: &Caller, method: &str) -> Result<(), Status> {
        let allowed = self.roles.iter().find(|(m, _)| *m == method).is_some_and(|(_, roles)| roles.iter().any(|r| caller.has(r)));
        if allowed { Ok(()) } else { Err(Status::permission_denied(format!("no role of the caller may call {method}"))) }
    }

    fn key(&self, kid: &str) -> Option<DecodingKey> {
        self.keys.read().ok()?.get(kid).cloned()
    }

    fn reload(&self) {
        let Ok(text) = std::fs::read(&self.path) else {
            tracing::error!(path = %self.path, "the issuer's keys cannot be read: no caller will be accepted");
            return;
        };
        let Ok(set) = serde_json::from_slice::<JwkSet>(&text) else {
            tracing::error!(path = %self.path, "the issuer's keys are not a JWKS");
            return;
        };
        let keys = set.keys.iter().filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?))).collect();
        if let Ok(mut guard) = self.keys.write() {
            *guard = keys;
        }
        // What was signed with a key that is no longer there must not count any more.
        if let Ok(mut verified) = self.verified.write() {
            verified.clear();
        }
    }
}

/// Middleware: no caller, no answer.
pub async fn guard(State(verifier): State<Arc<Verifier>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if path.starts_with("/grpc.health.") || path.starts_with("/grpc.reflection.") {
        return next.run(request).await;
    }
    match identify(&verifier, &path, &request) {
        Ok((caller, second)) => {
            request.extensions_mut().insert(caller);
            if let Some(second) = second {
                request.extensions_mut().insert(SecondPerson(second));
            }
            next.run(request).await
        }
        Err(status) => status.into_http::<tonic::body::Body>().map(axum::body::Body::new),
    }
}

fn identify(verifier: &Verifier, path: &str, request: &Request) -> Result<(Caller, Option<Caller>), Status> {
    let token = bearer(request, "authorization").ok_or_else(|| Status::unauthenticated("authorization: Bearer <token> is missing"))?;
    let caller = verifier.verify(token)?;
    verifier.authorise(&caller, path)?;
    let second = match bearer(request, "second-person") {
        None => None,
        Some(token) => {
            let second = verifier.verify(token)?;
            if second.subject == caller.subject {
                return Err(Status::permission_denied("the second person is the caller"));
            }
            Some(second)
        }
    };
    Ok((caller, second))
}

fn bearer<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let value = request.headers().get(name)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ").unwrap_or(value).trim())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn a_token_counts_from_its_first_second_to_its_last_with_a_minute_to_spare() {
        let at = |seconds: i64| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let lifetime: Lifetime = serde_json::from_str(r#"{"exp": 2000, "nbf": 1000.5}"#).unwrap();
        assert!([941, 1000, 1500, 2000, 2060].iter().all(|s| lifetime.holds_at(at(*s))));
        assert!([0, 940, 2061, 9000].iter().all(|s| !lifetime.holds_at(at(*s))));
        assert!(serde_json::from_str::<Lifetime>(r#"{"nbf": 1}"#).is_err() && serde_json::from_str::<Lifetime>(r#"{"exp": "2000"}"#).is_err());
    }
}
