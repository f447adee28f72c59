//! The signed summary of an audit: counts and verdicts, without the names and figures of any site, so that everybody may see it.
//!
//! It is JSON with three members: `summary`, `key` (the public key) and `signature` (Ed25519, RFC 8032), both in base64. Signed are
//! the bytes of `summary` written with its keys in order and no blanks, as `jq -cS .summary` prints them without the line's end.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::secret::signing::SigningSeed;

/// What a summary is called, so that no other text that the key signs can pass for one.
const WHAT: &str = "headcount audit";

/// The verdict where nothing was found.
pub(super) const CLEAN: &str = "clean";

/// Counts and verdicts of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditSummary {
    /// Always `headcount audit`.
    pub what: String,
    /// When it was made, RFC 3339.
    pub time: String,
    /// The version of the program that looked.
    pub version: String,
    /// SHA-256 of its file.
    pub build: Option<String>,
    /// The version of the schema.
    pub schema: i64,
    /// Tables and columns that are there, all of them in the allow-list.
    pub tables: usize,
    /// See `tables`.
    pub columns: usize,
    /// Findings by kind; empty if there is none.
    pub findings: BTreeMap<String, u64>,
    /// `clean`, or `findings`.
    pub verdict: String,
    /// Of the running server, if one runs.
    pub server: Option<ServerVerdict>,
}

/// What is said of a running server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerVerdict {
    /// Its version.
    pub version: String,
    /// SHA-256 of the file of its program.
    pub build: Option<String>,
    /// `journal` (on a file system in memory) or `memory`.
    pub live_state: String,
    /// Whether it has locked memory.
    pub locks_memory: bool,
    /// Whether some of its memory is swapped.
    pub is_swapped: bool,
    /// Whether a crash may write its memory to a disk.
    pub may_dump: bool,
}

/// Why a summary is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    /// It is no signed summary.
    #[error("this is no signed summary of an audit")]
    NoSummary,
    /// The signature is another's, or what is signed was changed.
    #[error("the signature does not belong to this summary: it was changed, or another key signed it")]
    WrongSignature,
    /// It is signed by another key than the one named.
    #[error("another key signed it than the one that was named")]
    OtherKey,
    /// The key is no public key in base64.
    #[error("the key is no Ed25519 key in base64")]
    NoKey,
}

impl AuditSummary {
    /// The word by which every summary is known.
    pub(super) fn what() -> String {
        WHAT.to_owned()
    }

    /// Whether it says that nothing was found.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.verdict == CLEAN
    }

    /// Texts in it that look like secrets.
    pub(super) fn digests(&self) -> impl Iterator<Item = String> {
        [self.build.clone(), self.server.as_ref().and_then(|server| server.build.clone())].into_iter().flatten()
    }
}

/// A summary with the signature of the instance's key, as JSON.
///
/// # Errors
/// [`NotVerified::NoSummary`] for what is none: the key signs nothing else.
pub fn signed(summary: &Value, seed: &SigningSeed) -> Result<Value, NotVerified> {
    let known: AuditSummary = serde_json::from_value(summary.clone()).map_err(|_| NotVerified::NoSummary)?;
    if known.what != WHAT {
        return Err(NotVerified::NoSummary);
    }
    // It wipes itself.
    let key = SigningKey::from_bytes(seed.reveal());
    let signature = key.sign(summary.to_string().as_bytes());
    Ok(json!({
        "summary": summary,
        "key": BASE64.encode(key.verifying_key().as_bytes()),
        "signature": BASE64.encode(&signature.to_bytes()),
    }))
}

/// A file with a signed summary, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedSummary<T> {
    summary: T,
    key: String,
    signature: String,
}

/// The summary that was signed, if it was, and by this key if one is named.
///
/// # Errors
/// [`NotVerified`]
pub fn verified(signed: &str, key: Option<&str>) -> Result<AuditSummary, NotVerified> {
    let file: SignedSummary<Value> = serde_json::from_str(signed).map_err(|_| NotVerified::NoSummary)?;
    // Read as a summary, so that nothing in it is there twice: other readers would take the first.
    let read: SignedSummary<AuditSummary> = serde_json::from_str(signed).map_err(|_| NotVerified::NoSummary)?;
    let public = public_key(&file.key)?;
    if let Some(named) = key
        && public_key(named.trim())? != public
    {
        return Err(NotVerified::OtherKey);
    }
    let signature = BASE64.decode(file.signature.as_bytes()).map_err(|_| NotVerified::WrongSignature)?;
    let signature = Signature::from_slice(&signature).map_err(|_| NotVerified::WrongSignature)?;
    public.verify_strict(file.summary.to_string().as_bytes(), &signature).map_err(|_| NotVerified::WrongSignature)?;
    if read.summary.what == WHAT { Ok(read.summary) } else { Err(NotVerified::NoSummary) }
}

/// The key and the signature of a signed summary, as they are written in it.
pub(super) fn seals(signed: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(signed).unwrap_or_default();
    ["key", "signature"].iter().filter_map(|name| Some(value[name].as_str()?.to_owned())).collect()
}

/// The public key that a signed summary names.
pub fn key_of(signed: &str) -> Option<String> {
    let value: Value = serde_json::from_str(signed).ok()?;
    Some(value["key"].as_str()?.to_owned())
}

fn public_key(text: &str) -> Result<VerifyingKey, NotVerified> {
    let bytes = BASE64.decode(text.as_bytes()).map_err(|_| NotVerified::NoKey)?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| NotVerified::NoKey)?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| NotVerified::NoKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Value {
        let summary = AuditSummary {
            what: AuditSummary::what(),
            time: "2026-11-29T12:00:00Z".into(),
            version: "0.1.0".into(),
            build: Some("ab".repeat(32)),
            schema: 11,
            tables: 3,
            columns: 9,
            findings: BTreeMap::from([("mail".into(), 2)]),
            verdict: "findings".into(),
            server: None,
        };
        serde_json::to_value(summary).unwrap()
    }

    #[test]
    fn what_was_signed_is_verified_and_one_flipped_byte_is_not() {
        let signed = signed(&summary(), &SigningSeed::of([7; 32])).unwrap();
        let (text, key) = (signed.to_string(), signed["key"].as_str().unwrap().to_owned());
        let believed = verified(&text, Some(&key)).unwrap();
        assert_eq!((believed.verdict.as_str(), believed.findings["mail"]), ("findings", 2));
        // White space and the order of members are nobody's.
        let pretty = serde_json::to_string_pretty(&signed).unwrap();
        assert_eq!(verified(&pretty, None), Ok(believed.clone()));
        for place in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[place] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert!(verified(&changed, Some(&key)).is_err(), "{place}: {changed}");
        }
        for twice in [r#"{"summary":{"verdict":"clean"},"#, r#"{"x":1,"#] {
            let changed = text.replacen('{', twice, 1);
            assert_eq!(verified(&changed, Some(&key)), Err(NotVerified::NoSummary), "{changed}");
        }
        let changed = text.replacen(r#""what":"#, r#""verdict":"clean","what":"#, 1);
        assert!(changed != text && verified(&changed, Some(&key)).is_err(), "{changed}");
        let other = super::signed(&summary(), &SigningSeed::of([8; 32])).unwrap();
        assert_eq!(verified(&other.to_string(), Some(&key)), Err(NotVerified::OtherKey));
        assert!(verified(&other.to_string(), None).is_ok());
    }

    #[test]
    fn nothing_but_a_summary_is_signed() {
        let seed = SigningSeed::of([7; 32]);
        let mut other = summary();
        other["what"] = "a cheque".into();
        for text in [other, json!({"what": WHAT}), json!("headcount audit"), Value::Null] {
            assert_eq!(signed(&text, &seed), Err(NotVerified::NoSummary), "{text}");
        }
        for text in ["", "{}", "[]", "{\"key\":1}"] {
            assert_eq!(verified(text, None), Err(NotVerified::NoSummary), "{text}");
        }
    }
}
