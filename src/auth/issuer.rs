//! The built-in issuer: signs people's tokens with Ed25519, publishes its public key, and checks what it signed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Clock, TenantId, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

const ISSUER: &str = "unified-gateway";
const AUDIENCE: &str = "unified-gateway-dashboard";
/// DER in front of a raw Ed25519 seed in PKCS#8 (RFC 8410).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Signs and checks tokens.
pub struct Issuer {
    encoding: EncodingKey,
    decoding: DecodingKey,
    key_id: String,
    public_key: String,
    lifetime: Duration,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// The issuer's key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the token signing key cannot be used")]
pub struct IssuerError;

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// Not a token of this issuer.
    #[error("invalid token")]
    Invalid,
    /// It was one.
    #[error("expired token")]
    Expired,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: u64,
    nbf: u64,
    exp: u64,
}

impl Issuer {
    /// Returns the issuer that signs with this 32-byte Ed25519 seed.
    ///
    /// # Errors
    /// [`IssuerError`] when the seed is no key.
    pub fn from_seed(seed: &[u8], lifetime: Duration) -> Result<Self, IssuerError> {
        let pkcs8: Vec<u8> = PKCS8_PREFIX.iter().chain(seed).copied().collect();
        let pair = rustls::crypto::aws_lc_rs::sign::any_eddsa_type(
            &rustls::pki_types::PrivatePkcs8KeyDer::from(pkcs8.as_slice()),
        )
        .or(Err(IssuerError))?;
        // The last 32 bytes of an Ed25519 public key's SPKI are the key itself (RFC 8410).
        let spki = pair.public_key().ok_or(IssuerError)?;
        let start = spki.len().checked_sub(32).ok_or(IssuerError)?;
        let public_key = URL_SAFE_NO_PAD.encode(spki.get(start..).ok_or(IssuerError)?);
        Ok(Self {
            encoding: EncodingKey::from_ed_der(&pkcs8),
            decoding: DecodingKey::from_ed_components(&public_key).or(Err(IssuerError))?,
            key_id: public_key.chars().take(16).collect(),
            public_key,
            lifetime,
        })
    }

    /// Signs a token for a tenant's person; returns it with the moment it ends.
    ///
    /// # Errors
    /// [`IssuerError`] when it cannot be signed.
    pub fn issue(&self, tenant: TenantId, now: Timestamp) -> Result<(String, Timestamp), IssuerError> {
        let end = now.after(self.lifetime);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: tenant.to_string(),
            iat: now.unix_seconds(),
            nbf: now.unix_seconds(),
            exp: end.unix_seconds(),
        };
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        let token = jsonwebtoken::encode(&header, &claims, &self.encoding).or(Err(IssuerError))?;
        Ok((token, Timestamp::from_unix_seconds(end.unix_seconds())))
    }

    /// Returns whose token this is.
    ///
    /// # Errors
    /// [`TokenRefusal`].
    pub fn check(&self, token: &str, clock: &dyn Clock) -> Result<TenantId, TokenRefusal> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Expiry is checked below, by the gateway's own clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_refused| TokenRefusal::Invalid)?
            .claims;
        let now = clock.now().unix_seconds();
        if claims.exp <= now {
            return Err(TokenRefusal::Expired);
        }
        if claims.nbf > now {
            return Err(TokenRefusal::Invalid);
        }
        claims.sub.parse().or(Err(TokenRefusal::Invalid))
    }

    /// Returns the public key as a JSON Web Key Set (RFC 8037).
    pub fn jwks(&self) -> Jwks<'_> {
        Jwks {
            keys: [Jwk {
                kty: "OKP",
                crv: "Ed25519",
                alg: "EdDSA",
                usage: "sig",
                kid: &self.key_id,
                x: &self.public_key,
            }],
        }
    }
}

/// A JSON Web Key Set.
#[derive(Debug, Serialize)]
pub struct Jwks<'a> {
    keys: [Jwk<'a>; 1],
}

#[derive(Debug, Serialize)]
struct Jwk<'a> {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: &'a str,
    x: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::ManualClock;

    fn issuer(seed: u8) -> Issuer {
        Issuer::from_seed(&[seed; 32], Duration::from_secs(60)).expect("issuer")
    }

    #[test]
    fn a_token_names_its_tenant_until_it_ends() {
        let clock = ManualClock::default();
        let tenant = TenantId::from_u128(7);
        let (token, end) = issuer(1).issue(tenant, clock.now()).expect("token");
        assert_eq!(end, clock.now().after(Duration::from_secs(60)));
        assert_eq!(issuer(1).check(&token, &clock), Ok(tenant));
        clock.advance(Duration::from_secs(60));
        assert_eq!(issuer(1).check(&token, &clock), Err(TokenRefusal::Expired));
    }

    #[test]
    fn another_issuers_token_and_other_texts_are_refused() {
        let clock = ManualClock::default();
        let (token, _) = issuer(1).issue(TenantId::from_u128(7), clock.now()).expect("token");
        assert_eq!(issuer(2).check(&token, &clock), Err(TokenRefusal::Invalid));
        for text in ["", "a.b.c", "unf_test_x", &token.replace('.', "")] {
            assert_eq!(issuer(1).check(text, &clock), Err(TokenRefusal::Invalid));
        }
        let mut parts = token.split('.');
        let (_, payload) = (parts.next(), parts.next().expect("payload"));
        let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
        assert_eq!(issuer(1).check(&unsigned, &clock), Err(TokenRefusal::Invalid));
    }

    #[test]
    fn the_published_key_is_the_one_that_signs() {
        // RFC 8032, test 1.
        let seed =
            hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").expect("hex");
        let issuer = Issuer::from_seed(&seed, Duration::from_secs(60)).expect("issuer");
        let published = URL_SAFE_NO_PAD.decode(issuer.jwks().keys[0].x).expect("base64");
        assert_eq!(
            hex::encode(published),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
    }
}
