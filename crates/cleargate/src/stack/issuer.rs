//! The local token issuer: an ES256 key pair, its public half as JWKS, and signed tokens for services, people and tests.

use super::state::write_private;
use crate::{clock, entropy};
use anyhow::{Context, Result};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use p256::SecretKey;
use p256::pkcs8::{EncodePrivateKey, LineEnding};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The `iss` claim; the services' default.
pub const ISSUER: &str = "cleargate-local";
/// The `aud` claim; the services' default.
pub const AUDIENCE: &str = "cleargate";
/// Services get a new token at each `up`.
const SERVICE_TOKEN_TTL: Duration = Duration::from_secs(30 * 24 * 3600);

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    roles: &'a [String],
    offices: &'a [String],
    iat: u64,
    exp: u64,
}

/// Signs tokens that the local services accept.
pub struct Issuer {
    key: EncodingKey,
    kid: String,
}

impl Issuer {
    /// Reads the key under `dir`, or makes one; writes the JWKS beside it.
    pub fn open_or_create(dir: &Path) -> Result<Self> {
        let file = key_file(dir);
        if !file.exists() {
            let secret = SecretKey::from_slice(&entropy::bytes::<32>()?).context("the random bytes are no key; run the command again")?;
            write_private(&file, secret.to_pkcs8_pem(LineEnding::LF)?.as_bytes())?;
        }
        let key = EncodingKey::from_ec_pem(&fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?)
            .with_context(|| format!("{} is no EC key; remove it and run `cleargate up`", file.display()))?;
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.key_algorithm = Some(KeyAlgorithm::ES256);
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let jwks = serde_json::to_vec_pretty(&JwkSet { keys: vec![jwk] })?;
        if fs::read(jwks_file(dir)).ok().as_ref() != Some(&jwks) {
            fs::write(jwks_file(dir), jwks)?;
        }
        Ok(Self { key, kid })
    }

    /// A token for `subject`, valid for `ttl` from now; the office `*` stands for all.
    pub fn sign(&self, subject: &str, roles: &[String], offices: &[String], ttl: Duration) -> Result<String> {
        self.sign_until(subject, roles, offices, clock::now().saturating_add(ttl))
    }

    /// The same with the time since 1970 at which it expires, which may have passed.
    pub fn sign_until(&self, subject: &str, roles: &[String], offices: &[String], until: Duration) -> Result<String> {
        let (iat, exp) = (clock::now().min(until).as_secs(), until.as_secs());
        let claims = Claims { iss: ISSUER, aud: AUDIENCE, sub: subject, roles, offices, iat, exp };
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        Ok(encode(&header, &claims, &self.key)?)
    }

    /// Writes the token by which `service` calls the others.
    pub fn renew_service_token(&self, dir: &Path, service: &str) -> Result<()> {
        let token = self.sign(service, &["service".to_owned()], &["*".to_owned()], SERVICE_TOKEN_TTL)?;
        write_private(&token_file(dir, service), token.as_bytes())
    }
}

pub fn key_file(dir: &Path) -> PathBuf {
    dir.join("key.pem")
}

pub fn jwks_file(dir: &Path) -> PathBuf {
    dir.join("jwks.json")
}

pub fn token_file(dir: &Path, service: &str) -> PathBuf {
    dir.join(format!("{service}.token"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, decode};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_signed_token_verifies_with_the_published_key_and_the_private_one_stays_private() {
        let dir = std::env::temp_dir().join(format!("cleargate-issuer-{}", std::process::id()));
        let issuer = Issuer::open_or_create(&dir).unwrap();
        let token = issuer.sign("me", &["officer".into()], &["32CL".into()], Duration::from_secs(60)).unwrap();
        let again = Issuer::open_or_create(&dir).unwrap();
        assert_eq!(again.kid, issuer.kid);

        let set: JwkSet = serde_json::from_slice(&fs::read(jwks_file(&dir)).unwrap()).unwrap();
        let jwk = set.find(&issuer.kid).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        let claims = decode::<serde_json::Value>(&token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).unwrap().claims;
        assert_eq!((&claims["sub"], &claims["roles"][0], &claims["offices"][0]), (&"me".into(), &"officer".into(), &"32CL".into()));
        assert_eq!(fs::metadata(key_file(&dir)).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(&dir).unwrap();
    }
}
