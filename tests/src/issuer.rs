//! An issuer of the test's own: a key pair, its JWKS file, and tokens signed with it.
use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet, ThumbprintHash},
};
use p256::{
    SecretKey,
    pkcs8::{EncodePrivateKey as _, LineEnding},
};
use platform::{clock, settings};
use serde::Serialize;

#[derive(Serialize)]
struct Claims<'c> {
    iss: &'c str,
    aud: &'c str,
    sub: &'c str,
    roles: &'c [&'c str],
    offices: &'c [&'c str],
    exp: i64,
}

/// Keys in a directory that vanishes with the issuer.
pub struct Issuer {
    directory: PathBuf,
    key: EncodingKey,
    kid: String,
}

impl Issuer {
    pub fn new() -> Result<Self> {
        let directory = std::env::temp_dir().join(crate::unique("issuer"));
        fs::create_dir_all(&directory)?;
        let pem = SecretKey::from_slice(&clock::random::<32>()?)?.to_pkcs8_pem(LineEnding::LF)?;
        let key = EncodingKey::from_ec_pem(pem.as_bytes())?;
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(kid.clone());
        fs::write(directory.join("jwks.json"), serde_json::to_vec(&JwkSet { keys: vec![jwk] })?)?;
        Ok(Self { directory, key, kid })
    }

    /// A token good for five minutes, for all offices.
    pub fn token(&self, subject: &str, roles: &[&str]) -> Result<String> {
        self.sign(subject, roles, 300)
    }

    /// A token that ran out two minutes ago, more than any leeway.
    pub fn stale_token(&self, subject: &str, roles: &[&str]) -> Result<String> {
        self.sign(subject, roles, -120)
    }

    fn sign(&self, sub: &str, roles: &[&str], seconds: i64) -> Result<String> {
        let exp = clock::now().timestamp() + seconds;
        let claims = Claims { iss: "test", aud: "cleargate", sub, roles, offices: &["*"], exp };
        Ok(encode(&Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) }, &claims, &self.key)?)
    }

    /// Settings of a service that trusts this issuer and shows this token to others.
    pub fn auth(&self, token: &str) -> Result<settings::Auth> {
        let path = |name: &str| self.directory.join(name).to_str().map(str::to_owned).context("a path in UTF-8");
        let token_file = path("token")?;
        fs::write(&token_file, token)?;
        Ok(settings::Auth { jwks: path("jwks.json")?, issuer: "test".to_owned(), audience: "cleargate".to_owned(), token_file })
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
